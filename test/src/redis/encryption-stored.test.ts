import { randomBytes } from 'node:crypto';
import { createGoflow, createRedisResultStore, defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { createWorker, defineHandlers, type WorkerOptions } from '@goflow/worker';
import type { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { newPlace, openRedis, type Place } from '../support/redis.js';

const CANARY = 'canary-4711';

const definitions = {
  echo: { payload: z.string(), result: z.string() },
  other: { payload: z.string(), result: z.string() },
  fail: { payload: z.string(), result: z.string(), maxAttempts: 2, backoff: 0 },
  strict: { payload: z.string(), result: z.literal('other') },
};
const tasks = defineTasks(definitions);
const handlers = defineHandlers(tasks, {
  echo: async (payload, ctx) => {
    ctx.log.warn({ payload }, `running ${payload}`);
    await ctx.progress({ payload });
    return payload;
  },
  other: (payload) => payload,
  fail: (payload) => {
    const cause = new Error(`because of ${payload}`);
    throw Object.assign(new Error(`refused ${payload}`, { cause }), { details: { payload } });
  },
  strict: (payload) => payload as 'other',
});

const encryption = { keys: { k1: randomBytes(32) }, current: 'k1' };

function openClient(place: Place) {
  const goflow = createGoflow({ tasks, ...place, encryption });
  onTestFinished(() => goflow.close());
  return goflow;
}

async function startWorker(place: Place, options: Partial<WorkerOptions<typeof definitions>> = {}) {
  const worker = createWorker({
    tasks,
    handlers,
    grace: '100ms',
    ...place,
    encryption,
    ...options,
  });
  onTestFinished(() => worker.stop());
  await worker.start();
  return worker;
}

/** All that lies under a prefix, as text. */
async function everything(redis: Redis, prefix: string): Promise<string> {
  const texts: unknown[] = [];
  for await (const keys of redis.scanStream({ match: `${prefix}:*`, count: 1_000 }))
    for (const key of keys as string[]) texts.push(key, await storedAt(redis, key));
  return JSON.stringify(texts);
}

async function storedAt(redis: Redis, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'hash':
      return redis.hgetall(key);
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'zset':
      return redis.zrange(key, '0', '-1');
    case 'set':
      return redis.smembers(key);
    case 'stream':
      return redis.xrange(key, '-', '+');
    default:
      return redis.get(key);
  }
}

/** All that is sent over channels of a prefix from now on. */
async function listen(place: Place): Promise<string[]> {
  const redis = openRedis(place.redis);
  const heard: string[] = [];
  redis.on('pmessage', (_pattern: string, channel: string, message: string) => {
    heard.push(channel, message);
  });
  await redis.psubscribe(`${place.prefix}:*`);
  return heard;
}

test.each([
  ['results with their tasks', false],
  ['results in a store', true],
])(
  'no word of a payload, a result, a failure or a report lies in Redis or is sent: %s',
  async (_what, isStored) => {
    const place = newPlace();
    const redis = openRedis(place.redis);
    const heard = await listen(place);
    const resultStore = isStored ? createRedisResultStore(place) : undefined;
    onTestFinished(async () => resultStore?.close());
    const goflow = createGoflow({ tasks, ...place, encryption, resultStore });
    onTestFinished(() => goflow.close());
    const waiting = await goflow.push('echo', `${CANARY} waits`, { delay: '1h' });
    await goflow.pushMany('echo', [`${CANARY} 1`, `${CANARY} 2`], { chunk: 2, delay: '1h' });
    const before = await everything(redis, place.prefix);
    expect(before).toContain('~enc');
    expect(before).not.toContain(CANARY);
    await startWorker(place, { resultStore });
    // The first is read, the others are announced.
    await goflow.wait(await goflow.push('echo', CANARY));
    const ids = [
      await goflow.push('echo', CANARY),
      await goflow.push('echo', CANARY, { id: 'own' }),
      await goflow.push('echo', CANARY, { deduplicationKey: 'k', tags: ['t'] }),
      await goflow.push('fail', CANARY),
      await goflow.push('strict', CANARY),
      ...(await goflow.pushMany('echo', [CANARY, CANARY], { chunk: 2 })),
      ...(await goflow.pushMany('fail', [CANARY, CANARY], { chunk: 2 })),
    ];
    const watched = (async () => {
      for await (const change of goflow.watch(ids[0] ?? '')) if (change.kind === 'outcome') return;
    })();
    const results = await goflow.waitAll(ids);
    await watched;
    expect(results.map((result) => ('value' in result ? result.value : result.status))).toEqual([
      CANARY,
      CANARY,
      CANARY,
      'failed',
      'failed',
      CANARY,
      CANARY,
      'failed',
      'failed',
    ]);
    expect(JSON.stringify(results[3])).toContain(`because of ${CANARY}`);
    expect(JSON.stringify(await goflow.status(ids[0] ?? ''))).toContain(`running ${CANARY}`);
    const after = await everything(redis, place.prefix);
    expect(after).toContain('(encrypted)');
    expect(after).not.toContain(CANARY);
    expect(heard.join('\n')).toContain('~enc');
    expect(heard.join('\n')).not.toContain(CANARY);
    expect(await goflow.inspector.get(waiting)).toMatchObject({ payload: `${CANARY} waits` });
  },
);

const keyOf = (place: Place, id: string): string => `${place.prefix}:{default}:${id.split(':')[1]}`;

test('a payload that was changed, moved or replaced is a dead letter, and no attempt is spent', async () => {
  const place = newPlace();
  const redis = openRedis(place.redis);
  const goflow = openClient(place);
  const ids = await goflow.pushMany('echo', [
    'moved',
    'changed',
    'cut',
    'retyped',
    'a result',
    'ok',
  ]);
  const [moved, changed, cut, retyped, result, ok] = ids.map((id) => keyOf(place, id));
  const data = async (key = ''): Promise<string> => (await redis.hget(key, 'data')) ?? '';
  await redis.hset(moved ?? '', 'data', await data(ok));
  const text = await data(changed);
  const at = text.indexOf(',') + 30;
  const flipped = text[at] === 'A' ? 'B' : 'A';
  await redis.hset(changed ?? '', 'data', text.slice(0, at) + flipped + text.slice(at + 1));
  await redis.hset(cut ?? '', 'data', `${(await data(cut)).slice(0, -8)}"}`);
  await redis.hset(retyped ?? '', 'name', 'other');
  await startWorker(place);
  await goflow.wait(ids[5] ?? '');
  await redis.hset(result ?? '', 'data', (await redis.hget(ok ?? '', 'returnvalue')) ?? '');
  const outcomes = await goflow.waitAll(ids.slice(0, 4));
  for (const outcome of outcomes)
    expect(outcome).toMatchObject({
      status: 'failed',
      attempts: 0,
      failure: { code: 'ENVELOPE_UNREADABLE' },
    });
  expect(await goflow.inspector.get(ids[4] ?? '')).toMatchObject({
    payload: { '~enc': expect.any(String) },
  });
});

test('a result that was changed, moved or made of a payload is none', async () => {
  const place = newPlace();
  const redis = openRedis(place.redis);
  const goflow = openClient(place);
  await startWorker(place);
  const ids = await goflow.pushMany('echo', ['moved', 'changed', 'payload', 'ok']);
  await goflow.waitAll(ids);
  const [moved = '', changed = '', ofPayload = '', ok = ''] = ids.map((id) => keyOf(place, id));
  await redis.hset(moved, 'returnvalue', (await redis.hget(ok, 'returnvalue')) ?? '');
  const text = (await redis.hget(changed, 'returnvalue')) ?? '';
  await redis.hset(
    changed,
    'returnvalue',
    text.replace(/,(.)/, (_, first) => `,${first === 'A' ? 'B' : 'A'}`),
  );
  await redis.hset(ofPayload, 'returnvalue', (await redis.hget(ofPayload, 'data')) ?? '');
  for (const id of ids.slice(0, 3))
    expect(await goflow.getResult(id)).toMatchObject({
      status: 'failed',
      failure: { code: 'ENVELOPE_UNREADABLE' },
    });
  expect(await goflow.getResult(ids[3] ?? '')).toMatchObject({ value: 'ok' });
});

test('in a chunk a payload that was moved fails alone', async () => {
  const place = newPlace();
  const redis = openRedis(place.redis);
  const goflow = openClient(place);
  const ids = await goflow.pushMany('echo', ['a', 'b', 'c'], { chunk: 3 });
  const key = keyOf(place, ids[0] ?? '');
  const [open, first, second, ...rest] = ((await redis.hget(key, 'data')) ?? '').split('\n');
  await redis.hset(key, 'data', [open, second, first, ...rest].join('\n'));
  await startWorker(place);
  const outcomes = await goflow.waitAll(ids);
  expect(outcomes.map(({ status }) => status)).toEqual(['failed', 'failed', 'completed']);
});

test('without encryption nothing more is stored than before', async () => {
  const place = newPlace();
  const redis = openRedis(place.redis);
  const goflow = createGoflow({ tasks, ...place });
  onTestFinished(() => goflow.close());
  const id = await goflow.push('other', 'plain');
  expect(await redis.hmget(keyOf(place, id), 'data', 'opts')).toEqual(['"plain"', '{}']);
  const encrypted = await openClient(place).push('other', 'secret');
  expect(await redis.hget(keyOf(place, encrypted), 'opts')).toBe('{"v":2}');
});

test('a client that encrypts says once that a worker cannot read it', async () => {
  const place = newPlace();
  const redis = openRedis(place.redis);
  const about = { name: 'old', types: ['echo'], queues: {}, seenAt: Date.now(), state: 'running' };
  const lines: unknown[][] = [];
  const logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (...line: unknown[]) => void lines.push(line),
    error: () => undefined,
    child: () => logger,
  };
  const goflow = createGoflow({ tasks, ...place, encryption, logger });
  onTestFinished(() => goflow.close());
  await redis.hset(`${place.prefix}:{fleet}:workers`, 'old', JSON.stringify(about));
  await startWorker(place, { name: 'young' });
  expect(await goflow.inspector.workers()).toMatchObject([
    { name: 'old', envelopeVersion: 1 },
    { envelopeVersion: 2 },
  ]);
  for (let push = 0; push < 3; push += 1) await goflow.push('other', 'x');
  for (let push = 0; push < 3; push += 1) await goflow.push('echo', 'x');
  const told = () => lines.filter(([, message]) => String(message).includes('cannot read'));
  await until(() => told().length > 0, { what: 'it to be told' });
  await goflow.push('echo', 'x');
  await goflow.ping();
  expect(told()).toEqual([[{ taskType: 'echo', workers: ['old'], count: 1 }, expect.any(String)]]);
});
