import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import type { ChunkEnvelope } from '@goflow/shared';
import { RedisServer } from '@goflow/testing';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { Deadline } from '../deadline.js';
import { ProducerQueues } from '../producer-queues.js';
import { ChunkRig, chunkOf, leave, numbered, PUSHED_AT, uniqueIn } from './chunk-rig.test-d.js';
import { saveResults } from './chunk-store.js';
import { type PushChunksPorts, pushChunks } from './push-chunks.js';

/** Pushes, and notes how many calls that took. */
function open() {
  const rig = new ChunkRig();
  const calls: number[] = [];
  const within: PushChunksPorts['within'] = (command) => {
    calls.push(calls.length);
    return command();
  };
  const push = (...chunks: ChunkEnvelope[]) => pushChunks(chunks, { ...rig.ports, within });
  const waiting = () => rig.redis.lrange(rig.key('wait'), 0, -1);
  return { rig, calls, push, waiting };
}

test('a chunk is one job with all its payloads, in its queue, and counted', async () => {
  const { rig, push, waiting } = open();
  const chunk = chunkOf(['{"a":1}', '"b\\n"', 'null'], { maxAttempts: 3, replyTo: 'me' });
  expect(await push(chunk)).toEqual([undefined]);
  const unique = uniqueIn(chunk.id);
  expect(await waiting()).toEqual([unique]);
  const job = await rig.job(unique);
  expect(job).toMatchObject({
    name: 'repeater',
    data: '[\n{"a":1},\n"b\\n",\nnull\n]',
    timestamp: `${PUSHED_AT}`,
    o: '3',
  });
  expect(JSON.parse(job.opts ?? '')).toEqual({ c: 3, attempts: 3, r: 'me' });
  expect(await rig.counts()).toEqual({ jobs: 1, open: 3 });
});

test('priority, delay and tags are of the chunk', async () => {
  const { rig, push, waiting } = open();
  const { redis, key } = rig;
  const low = chunkOf(numbered(2), { priority: 7 });
  const later = chunkOf(numbered(2), { delayMs: 60_000 });
  const tagged = chunkOf(numbered(2), { tags: ['eu', 'vip'] });
  expect(await push(low, later, tagged)).toEqual([undefined, undefined, undefined]);
  expect(await redis.zrange(key('prioritized'), '0', '-1')).toEqual([uniqueIn(low.id)]);
  expect(await redis.zrange(key('delayed'), '0', '-1')).toEqual([uniqueIn(later.id)]);
  expect(await waiting()).toEqual([uniqueIn(tagged.id)]);
  expect(await redis.smembers(key('chunks-delayed'))).toEqual([uniqueIn(later.id)]);
  for (const tag of ['eu', 'vip'])
    expect(await redis.zrange(key(`tag:${tag}`), '0', '-1')).toEqual([uniqueIn(tagged.id)]);
  expect(await rig.counts()).toEqual({ jobs: 3, open: 6 });
});

test('50 chunks go together', async () => {
  const { calls, push, waiting } = open();
  const chunks = Array.from({ length: 101 }, () => chunkOf(numbered(2)));
  expect(await push(...chunks)).toEqual(chunks.map(() => undefined));
  expect(calls).toHaveLength(3);
  expect(await waiting()).toEqual(chunks.map(({ id }) => uniqueIn(id)).reverse());
});

test('large chunks go by 2 MiB, one that is larger by itself', async () => {
  const { calls, push, waiting } = open();
  const sized = (length: number) => chunkOf([JSON.stringify('x'.repeat(length - 2))]);
  const half = 1024 * 1024;
  expect(await push(sized(half), sized(half))).toEqual([undefined, undefined]);
  expect(calls).toHaveLength(1);
  await push(sized(half), sized(half), sized(3));
  expect(calls).toHaveLength(3);
  await push(sized(3), sized(5 * half), sized(3));
  expect(calls).toHaveLength(6);
  expect(await waiting()).toHaveLength(8);
});

test('chunks of several queues go to theirs', async () => {
  const { rig, calls, push } = open();
  const queues = ['a', 'a', 'b', 'a'];
  const chunks = queues.map((queue) => chunkOf(numbered(1), { queue }));
  expect(await push(...chunks)).toEqual(chunks.map(() => undefined));
  expect(calls).toHaveLength(3);
  const waiting = (queue: string) => rig.redis.lrange(`${rig.prefix}:{${queue}}:wait`, 0, -1);
  expect(await waiting('b')).toEqual([uniqueIn(chunks[2]?.id ?? '')]);
  expect(await waiting('a')).toHaveLength(3);
});

test('nothing to push is no call', async () => {
  const { calls, push } = open();
  expect(await push()).toEqual([]);
  expect(calls).toEqual([]);
});

test('one that Redis refuses has its error, its neighbours are in', async () => {
  const { rig, push, waiting } = open();
  const chunks = Array.from({ length: 3 }, () => chunkOf(numbered(2)));
  const [first, second, third] = chunks.map(({ id }) => uniqueIn(id));
  // Its key is taken, by what is no job.
  await rig.redis.set(rig.key(second ?? ''), 'no job');
  const [, refused] = await push(...chunks);
  expect(refused).toMatchObject({
    code: 'BROKER_REFUSED',
    message: expect.stringContaining('WRONGTYPE'),
  });
  expect(await waiting()).toEqual([third, first]);
});

test('sent again nothing changes, whatever became of it meanwhile', async () => {
  const { rig, push, waiting } = open();
  const envelope = chunkOf(numbered(3));
  const chunk = uniqueIn(envelope.id);
  for (let time = 0; time < 3; time += 1) expect(await push(envelope)).toEqual([undefined]);
  expect(await waiting()).toEqual([chunk]);
  expect(await rig.counts()).toEqual({ jobs: 1, open: 3 });
  const held = await rig.take(chunk);
  await saveResults(held, { from: 0, lines: ['0,0 1'], completed: 1, since: 1 });
  await leave(held, 1);
  await push(envelope);
  expect(await rig.counts()).toEqual({ jobs: 1, open: 1, completed: 1 });
  expect(await rig.job(chunk)).toMatchObject({ k: '1', o: '1', x1: '1' });
  expect(await waiting()).toEqual([]);
});

test('one that is gone before it was counted is not counted', async () => {
  const { rig, push } = open();
  const chunk = chunkOf(numbered(3));
  await push(chunk);
  await rig.redis.del(rig.key(uniqueIn(chunk.id)), rig.key('chunks'));
  const counting = pushChunks([chunk], {
    ...rig.ports,
    // The job is not added: only the count is taken.
    open: async (queue) => {
      const backend = await rig.ports.open(queue);
      return Object.assign(Object.create(backend), { addJobToTransaction: async () => '' });
    },
  });
  await counting;
  expect(await rig.counts()).toEqual({});
});

test('when the time of the call is up, what was not sent yet is not tried', async () => {
  const { rig } = open();
  let calls = 0;
  const timeUp = new Error('time is up');
  const within: PushChunksPorts['within'] = (command) => {
    calls += 1;
    return calls === 2 ? Promise.reject(timeUp) : command();
  };
  const chunks = Array.from({ length: 120 }, () => chunkOf(numbered(1)));
  const results = await pushChunks(chunks, { ...rig.ports, within });
  expect(calls).toBe(2);
  expect(results.slice(0, 50)).toEqual(Array(50).fill(undefined));
  expect(results.slice(50)).toEqual(Array(70).fill(timeUp));
});

/** A Redis of the test's own, whose administrator makes it refuse. */
async function openServer() {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  return { server, admin, ...(await openClient(server.url)) };
}

async function openClient(url: string) {
  const redis = new Redis(url);
  redis.on('error', () => undefined);
  onTestFinished(() => redis.disconnect());
  const queues = new ProducerQueues({ redis, prefix: 'p', onError: () => undefined });
  onTestFinished(() => queues.close());
  const open = (queue: string) => queues.open(queue);
  await open('default');
  const push = (within: PushChunksPorts['within'], ...chunks: ChunkEnvelope[]) =>
    pushChunks(chunks, { redis, prefix: 'p', within, open });
  return { redis, push };
}

const atOnce: PushChunksPorts['within'] = (command) => command();

test('a Redis out of memory refuses each, and says so', async () => {
  const { admin, push } = await openServer();
  await admin.config('SET', 'maxmemory', '1');
  const results = await push(atOnce, chunkOf(numbered(2)), chunkOf(numbered(2)));
  expect(results).toMatchObject([
    { code: 'BROKER_REFUSED', details: { reason: 'OOM' } },
    { code: 'BROKER_REFUSED', details: { reason: 'OOM' } },
  ]);
});

test('a state that passes is for the deadline to wait out: the whole slice goes again', async () => {
  const { admin, push } = await openServer();
  await admin.replicaof('127.0.0.1', '1');
  expect(await push(atOnce, chunkOf(numbered(2)))).toMatchObject([
    { message: expect.stringMatching(/^READONLY/) },
  ]);
});

test('scripts that Redis forgot are sent again', async () => {
  const { admin, push } = await openServer();
  await push(atOnce, chunkOf(numbered(2)));
  await admin.script('FLUSH');
  const results = await push(atOnce, chunkOf(numbered(2)), chunkOf(numbered(2)));
  expect(results).toEqual([undefined, undefined]);
  expect(await admin.hgetall('p:{default}:chunks')).toEqual({ jobs: '3', open: '6' });
});

/** A way to a Redis that can be made to break. */
async function openWay(port: number) {
  let bytesLeft = Number.POSITIVE_INFINITY;
  const proxy = createServer((client) => {
    const redis = connect(port, '127.0.0.1');
    client.on('error', () => undefined).on('close', () => redis.destroy());
    redis.on('error', () => undefined).on('close', () => client.destroy());
    client.pipe(redis);
    redis.on('data', (answers: Buffer) => {
      const isOver = answers.length > bytesLeft;
      client.write(answers.subarray(0, bytesLeft), () => {
        if (isOver) client.destroy();
      });
      bytesLeft = isOver ? Number.POSITIVE_INFINITY : bytesLeft - answers.length;
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => void proxy.close());
  return {
    port: (proxy.address() as AddressInfo).port,
    /** After so many bytes of answers more, once. */
    breakAfter: (bytes: number) => {
      bytesLeft = bytes;
    },
  };
}

test('a connection that breaks in the middle of the answers: all go again, and are in once', async () => {
  const { server, admin } = await openServer();
  const { port, breakAfter } = await openWay(server.port);
  const { redis, push } = await openClient(`redis://127.0.0.1:${port}`);
  const deadline = new Deadline(redis, 20_000);
  onTestFinished(() => deadline.release());
  let sent = 0;
  const within: PushChunksPorts['within'] = (command) =>
    deadline.within(() => {
      sent += 1;
      return command();
    });
  const chunks = Array.from({ length: 20 }, () => chunkOf(numbered(5)));
  breakAfter(100);
  expect(await push(within, ...chunks)).toEqual(chunks.map(() => undefined));
  expect(sent).toBe(2);
  const waiting = await admin.lrange('p:{default}:wait', 0, -1);
  expect(waiting.toSorted()).toEqual(chunks.map(({ id }) => uniqueIn(id)).toSorted());
  expect(await admin.hgetall('p:{default}:chunks')).toEqual({ jobs: '20', open: '100' });
});
