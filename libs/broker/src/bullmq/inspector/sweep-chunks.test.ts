import type { ResolvedRetention } from '@goflow/shared';
import { expect, test, vi } from 'vitest';
import { readCounts } from '../queue-counts.js';
import { RetentionSweeper } from '../retention-sweeper.js';
import { all, type PlantedChunk, plantChunk } from './planted-chunks.test-d.js';
import { openPlanted, type Planted, times } from './planted-jobs.test-d.js';
import { sweepTags } from './tag-index.js';

const HOUR = 3_600_000;
const types = new Map<string, ResolvedRetention>([
  ['repeater', { completedMs: HOUR, failedMs: 2 * HOUR }],
]);

async function sweep({ redis, prefix }: Planted): Promise<number> {
  const told: unknown[] = [];
  const report = (error: unknown) => told.push(error);
  const options = { redis, prefix, queue: 'default', retention: types, report };
  const removed = await new RetentionSweeper(options).sweep();
  expect(told).toEqual([]);
  return removed;
}

/** Milliseconds since 1970, some hours ago by the clock of Redis. */
async function hoursAgo({ redis }: Planted, hours: number): Promise<number> {
  const [seconds] = await redis.time();
  return Number(seconds) * 1_000 - hours * HOUR;
}

async function keysOf({ redis, prefix }: Planted, part: string): Promise<string[]> {
  return (await redis.keys(`${prefix}*`)).filter((key) => key.includes(part)).sort();
}

/** A settled chunk that ended some hours ago. */
async function ended(planted: Planted, hours: number, chunk: Partial<PlantedChunk> = {}) {
  const at = await hoursAgo(planted, hours);
  return plantChunk(planted, { in: 'completed', at, tasks: all('completed', 3), ...chunk });
}

test('a chunk goes when it is past the time of its type, with its logs and out of the count', async () => {
  const planted = openPlanted();
  const { redis } = planted;
  const fields = { lg: 1 };
  const gone = await ended(planted, 1.1, {
    tasks: ['completed', 'left', 'left'],
    fields,
    options: { tags: ['eu'] },
  });
  const kept = await ended(planted, 0.9, { fields });
  const waiting = await plantChunk(planted, { in: 'wait', tasks: all('open', 4) });
  const own = `${gone}.1`;
  await planted.finished('failed', await hoursAgo(planted, 1.9), { unique: own });
  for (const unique of [`${gone}.0`, own, `${gone}.2`, `${kept}.0`])
    await redis.rpush(planted.key(`${unique}:logs`), 'line');
  await redis.zadd(planted.key('tag:eu'), 5, gone, 5, own);
  expect(await sweep(planted)).toBe(1);
  // What has left it stays for its own time, and so does its log.
  expect(await keysOf(planted, gone)).toEqual([planted.key(own), planted.key(`${own}:logs`)]);
  expect(await redis.zrange(planted.key('tag:eu'), 0, '-1')).toEqual([own]);
  expect(await keysOf(planted, kept)).toHaveLength(2);
  const chunks = { jobs: '1', open: '4', finished: '1', completed: '3' };
  expect(await redis.hgetall(planted.key('chunks'))).toEqual(chunks);
  expect(await readCounts(redis, planted.prefix, 'default')).toMatchObject({
    waiting: 4,
    completed: 3,
    failed: 1,
  });
  expect(await redis.exists(planted.key(waiting))).toBe(1);
});

test('a push that says how long its tasks are kept is heeded for a chunk, too', async () => {
  const planted = openPlanted();
  const options = { ret: [60_000, 30 * HOUR] };
  const retained = async (chunk: string) =>
    planted.redis.zadd(planted.key('retained'), await hoursAgo(planted, 0.01), chunk);
  const gone = await ended(planted, 0.02, { options });
  const kept = await ended(planted, 0.001, { options });
  for (const chunk of [gone, kept]) await retained(chunk);
  const lost = await ended(planted, 1.1, { options });
  expect(await sweep(planted)).toBe(2);
  for (const chunk of [gone, lost]) expect(await keysOf(planted, chunk)).toEqual([]);
  expect(await planted.redis.zrange(planted.key('completed'), 0, '-1')).toEqual([kept]);
  expect(await planted.redis.hgetall(planted.key('chunks'))).toMatchObject({
    finished: '1',
    completed: '3',
  });
});

test.each([
  ['goflowSweepFinished', {}],
  ['goflowSweepRetained', { ret: [1, 1] }],
])('large chunks with logs go one in a step: %s', async (command, options) => {
  const planted = openPlanted();
  const { redis } = planted;
  const tasks = all('completed', 1_000);
  await sweep(planted);
  const chunks = await times(7, () => ended(planted, 1.5, { tasks, fields: { lg: 1 }, options }));
  await ended(planted, 1.5, { options });
  for (const chunk of chunks) {
    await redis.rpush(planted.key(`${chunk}.999:logs`), 'line');
    if ('ret' in options) await redis.zadd(planted.key('retained'), 5, chunk);
  }
  const calls = vi.spyOn(redis as unknown as Record<string, () => unknown>, command);
  expect(await sweep(planted)).toBe(8);
  expect(calls.mock.calls.length).toBeGreaterThanOrEqual(7);
  expect(await redis.exists(planted.key('completed'))).toBe(0);
  for (const chunk of chunks) expect(await keysOf(planted, chunk)).toEqual([]);
});

test('chunks that are open are never removed, whatever their times say', async () => {
  const planted = openPlanted();
  const tasks = all('open', 3);
  const chunks = [
    await plantChunk(planted, { in: 'wait', tasks }),
    await plantChunk(planted, { in: 'active', tasks }),
    await plantChunk(planted, { in: 'delayed', tasks }),
  ];
  for (const chunk of chunks) {
    await planted.redis.zadd(planted.key('completed'), 5, chunk);
    await planted.redis.zadd(planted.key('retained'), 5, chunk);
  }
  expect(await sweep(planted)).toBe(0);
  expect(await planted.redis.exists(...chunks.map((chunk) => planted.key(chunk)))).toBe(3);
});

test('a wish to cancel a task is kept while it is open in its chunk', async () => {
  const planted = openPlanted();
  const running = await plantChunk(planted, { in: 'active', tasks: ['completed', 'left', 'open'] });
  const own = await planted.delayed(5, { unique: `${running}.1` });
  const over = await plantChunk(planted, { in: 'completed', tasks: all('completed', 2) });
  const uniques = [`${running}.0`, own, `${running}.2`, `${running}.3`, `${over}.1`, 'x.1', '.'];
  for (const unique of uniques) await planted.redis.hset(planted.key('cancelling'), unique, 'why');
  await sweep(planted);
  const left = await planted.redis.hkeys(planted.key('cancelling'));
  expect(left.sort()).toEqual([own, `${running}.2`].sort());
});

test('a tag loses the entries of chunks, and of tasks that left them, when those are gone', async () => {
  const planted = openPlanted();
  const { redis } = planted;
  const chunk = await plantChunk(planted, { in: 'wait', tasks: ['open', 'left', 'left'] });
  await planted.finished('failed', 5, { unique: `${chunk}.1` });
  const gone = planted.unique();
  const entries = [chunk, `${chunk}.1`, `${chunk}.2`, gone, `${gone}.0`];
  for (const entry of entries) await redis.zadd(planted.key('tag:eu'), 5, entry);
  await redis.zadd(planted.key('tags'), 5, 'eu');
  expect(await sweepTags(planted, 'default')).toBe(3);
  expect(await redis.zrange(planted.key('tag:eu'), 0, '-1')).toEqual([chunk, `${chunk}.1`]);
});

test('garbage in a chunk keeps it neither from going nor the others', async () => {
  const planted = openPlanted();
  for (const fields of [
    { o: 'x' },
    { d: 'x' },
    { o: '1.5', lg: 1 },
    { opts: '{"c":2000000000}', lg: 1 },
    { opts: 'no json', lg: 1 },
    { opts: '{"c":3,"tags":{},"ret":5}', lg: 1, r: '', k: 'x', data: '' },
  ])
    await ended(planted, 1.5, { fields });
  await ended(planted, 1.5);
  const bare = await ended(planted, 1.5, { isCounted: false });
  await planted.redis.hdel(planted.key(bare), 'opts');
  expect(await sweep(planted)).toBe(8);
  expect(await planted.redis.exists(planted.key('completed'))).toBe(0);
});
