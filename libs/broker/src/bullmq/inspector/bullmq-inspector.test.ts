import { freePort, RedisServer } from '@goflow/testing';
import { Cluster, Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { Deadline } from '../deadline.js';
import { readCounts } from '../queue-counts.js';
import { PRODUCER_OPTIONS } from '../redis-connection.js';
import { RetentionSweeper } from '../retention-sweeper.js';
import { BullMqInspector } from './bullmq-inspector.js';
import { plantChunk } from './planted-chunks.test-d.js';
import { openPlanted, Planted } from './planted-jobs.test-d.js';
import { indexTags } from './tag-index.js';

const ID = `default:${'A'.repeat(22)}`;
const question = { queue: 'default', state: 'failed', limit: 10 } as const;

function inspectorOf({ redis, prefix }: Pick<Planted, 'redis' | 'prefix'>, timeoutMs = 5_000) {
  const deadline = new Deadline(redis, timeoutMs);
  onTestFinished(() => deadline.release());
  return new BullMqInspector({ redis, prefix, within: (command) => deadline.within(command) });
}

test('pages, redrives and discards', async () => {
  const planted = openPlanted();
  const inspector = inspectorOf(planted);
  const uniques = [await planted.finished('failed', 5), await planted.finished('failed', 6)];
  const [first, second] = uniques.map((unique) => `default:${unique}`);
  const page = await inspector.page({ ...question, limit: 1 });
  expect(page).toMatchObject({
    tasks: [{ id: second, history: [], log: [] }],
    next: expect.any(String),
  });
  expect(await inspector.redrive(first ?? '', '{"n":1}')).toEqual({ found: 'failed', done: true });
  expect(await inspector.page({ ...question, after: page.next })).toEqual({
    tasks: [],
    next: undefined,
  });
  expect(await inspector.discard(second ?? '')).toEqual({ found: 'failed', done: true });
  expect(await inspector.page({ ...question, state: 'delayed' })).toMatchObject({
    tasks: [{ id: first, payload: { n: 1 } }],
  });
  const wrong = inspector.page({ ...question, after: 'made up' });
  await expect(wrong).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
});

test('without a Redis every call fails fast', async () => {
  const redis = new Redis({ ...PRODUCER_OPTIONS, port: await freePort() });
  redis.on('error', () => undefined);
  onTestFinished(() => redis.disconnect());
  const inspector = inspectorOf({ redis, prefix: 'goflow' }, 50);
  const calls = [
    () => inspector.page(question),
    () => inspector.redrive(ID),
    () => inspector.discard(ID),
  ];
  for (const call of calls)
    await expect(call()).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
});

test('all of it works on a Redis Cluster, where the keys of two queues lie apart', async () => {
  const args = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'];
  await using server = await RedisServer.start({ args });
  const node = new Redis(server.url);
  await node.cluster('ADDSLOTS', ...Array.from({ length: 16_384 }, (_, slot) => slot));
  node.disconnect();
  const cluster = new Cluster([{ host: '127.0.0.1', port: server.port }], {
    slotsRefreshTimeout: 5_000,
  });
  onTestFinished(() => cluster.disconnect());
  const redis = cluster as unknown as Redis;
  const planted = new Planted(redis, 'goflow');
  const inspector = inspectorOf(planted);
  const unique = await planted.finished('failed', 5, { options: { tags: ['eu'] } });
  const [type, payloadJson] = ['repeater', '1'];
  const envelope = { id: `default:${unique}`, queue: 'default', type, payloadJson, pushedAt: 5 };
  await indexTags(cluster, 'goflow', { ...envelope, tags: ['eu'] });
  await planted.waiting();
  await planted.active();
  for (const state of ['failed', 'waiting', 'active'] as const)
    expect((await inspector.page({ ...question, state })).tasks).toHaveLength(1);
  expect((await inspector.page({ ...question, tag: 'eu' })).tasks).toHaveLength(1);
  expect(await inspector.redrive(envelope.id)).toMatchObject({ done: true });
  const ended = await planted.finished('cancelled', 5);
  expect(await inspector.discard(`default:${ended}`)).toMatchObject({ done: true });
  await planted.finished('expired', 5);
  const retention = new Map([['repeater', { completedMs: 1, failedMs: 1 }]]);
  const sweeper = new RetentionSweeper({
    redis: cluster,
    prefix: 'goflow',
    queue: 'default',
    retention,
    report: () => undefined,
  });
  expect(await sweeper.sweep()).toBe(1);
  const chunk = await plantChunk(planted, { in: 'completed', tasks: ['completed', 'completed'] });
  expect((await inspector.page({ ...question, state: 'completed' })).tasks).toHaveLength(2);
  expect(await inspector.discard(`default:${chunk}:0`)).toMatchObject({ done: true });
  expect(await readCounts(cluster, 'goflow', 'default')).toMatchObject({
    delayed: 1,
    waiting: 1,
    completed: 1,
  });
});

test('counts tell every state', async () => {
  const planted = openPlanted();
  await planted.waiting();
  await planted.redis.zadd(planted.key('prioritized'), 1, await planted.job());
  await planted.delayed(5);
  await planted.active();
  for (const set of ['completed', 'failed', 'cancelled', 'expired'] as const)
    for (let count = 0; count <= set.length - 6; count += 1) await planted.finished(set, 5);
  expect(await readCounts(planted.redis, planted.prefix, 'default')).toEqual({
    waiting: 2,
    delayed: 1,
    active: 1,
    completed: 4,
    failed: 1,
    cancelled: 4,
    expired: 2,
  });
});
