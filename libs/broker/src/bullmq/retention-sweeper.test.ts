import { afterEach, expect, test, vi } from 'vitest';
import { openPlanted, type Planted, times } from './inspector/planted-jobs.test-d.js';
import { retainOwn } from './inspector/retained-tasks.js';
import { RetentionSweeper } from './retention-sweeper.js';

afterEach(() => void vi.useRealTimers());

const HOUR = 3_600_000;
const types = new Map([
  ['short', { completedMs: HOUR, failedMs: 2 * HOUR }],
  ['long', { completedMs: 10 * HOUR, failedMs: 20 * HOUR }],
]);

function sweeperOf({ redis, prefix }: Planted, retention = types) {
  const told: unknown[] = [];
  const report = (error: unknown) => told.push(error);
  const sweeper = new RetentionSweeper({ redis, prefix, queue: 'default', retention, report });
  return Object.assign(sweeper, { told });
}

/** Milliseconds since 1970, some hours ago by the clock of Redis. */
async function hoursAgo({ redis }: Planted, hours: number): Promise<number> {
  const [seconds] = await redis.time();
  return Number(seconds) * 1_000 - hours * HOUR;
}

async function setsOf(planted: Planted): Promise<Record<string, string[]>> {
  const left: Record<string, string[]> = {};
  for (const set of ['completed', 'failed', 'cancelled', 'expired'])
    left[set] = await planted.redis.zrange(planted.key(set), 0, '-1');
  return left;
}

test('a task goes when it is past the time of its type and state, with all that belongs to it', async () => {
  const planted = openPlanted();
  const at = (hours: number) => hoursAgo(planted, hours);
  const plant = async (
    set: 'completed' | 'failed' | 'cancelled' | 'expired',
    type: string,
    hours: number,
  ) => planted.finished(set, await at(hours), { type, options: { tags: ['eu'] } });
  const gone = [
    await plant('completed', 'short', 1.1),
    await plant('completed', 'long', 10.1),
    await plant('failed', 'short', 2.1),
    await plant('cancelled', 'short', 2.1),
    await plant('expired', 'long', 20.1),
    // A type that nobody here knows is kept for the longest time.
    await plant('completed', 'foreign', 10.1),
  ];
  const left = {
    completed: [
      await plant('completed', 'foreign', 9.9),
      await plant('completed', 'long', 1.1),
      await plant('completed', 'short', 0.9),
    ],
    failed: [await plant('failed', 'long', 19.9), await plant('failed', 'short', 1.9)],
    cancelled: [await plant('cancelled', 'short', 1.9)],
    expired: [await plant('expired', 'long', 19)],
  };
  for (const unique of gone) {
    await planted.redis.rpush(planted.key(`${unique}:logs`), 'line');
    await planted.redis.zadd(planted.key('tag:eu'), 5, unique);
  }
  expect(await sweeperOf(planted).sweep()).toBe(6);
  expect(await setsOf(planted)).toEqual(left);
  const keys = await planted.redis.keys(`${planted.prefix}*`);
  expect(keys.filter((key) => gone.some((unique) => key.includes(unique)))).toEqual([]);
  expect(keys).not.toContain(planted.key('tag:eu'));
  expect(keys).not.toContain(planted.key('sweeping'));
  expect(await sweeperOf(planted).sweep()).toBe(0);
});

test('open tasks are never removed, whatever their times say', async () => {
  const planted = openPlanted();
  const uniques = [await planted.waiting(), await planted.active(), await planted.delayed(5)];
  // Put back by another program, which left their entries behind.
  for (const unique of uniques) {
    await planted.redis.zadd(planted.key('failed'), 5, unique);
    await planted.redis.zadd(planted.key('retained'), 5, unique);
  }
  expect(await sweeperOf(planted).sweep()).toBe(0);
  expect(await planted.redis.exists(...uniques.map((unique) => planted.key(unique)))).toBe(3);
  expect(await planted.redis.exists(planted.key('failed'), planted.key('retained'))).toBe(0);
});

test('a push that says how long its task is kept is heeded, whether longer or shorter', async () => {
  const planted = openPlanted();
  const retention = { completedMs: 60_000, failedMs: 30 * HOUR };
  const plant = async (state: 'completed' | 'failed', hours: number, isWritten: boolean) => {
    const finishedAt = await hoursAgo(planted, hours);
    const options = { ret: [retention.completedMs, retention.failedMs] };
    const unique = await planted.finished(state, finishedAt, { type: 'short', options });
    const task = { id: `default:${unique}`, state, finishedAt, retention };
    if (isWritten) await retainOwn(planted.redis, planted.prefix, task);
    return unique;
  };
  await plant('completed', 0.02, true);
  await plant('failed', 30.1, true);
  // Its entry was lost: it is found with the others of its type.
  await plant('failed', 30.1, false);
  const failed = [await plant('failed', 29.9, true), await plant('failed', 29, false)];
  const completed = [await plant('completed', 0.001, true)];
  const sweeper = sweeperOf(planted);
  expect(await sweeper.sweep()).toBe(3);
  expect(await setsOf(planted)).toMatchObject({ failed, completed });
  const entries = await planted.redis.zrange(planted.key('retained'), 0, '-1');
  expect(entries.sort()).toEqual([...failed, ...completed].sort());
  // Redriven by another program and finished again: the entry is of the time before.
  await planted.redis.zadd(planted.key('retained'), 5, failed[0] ?? '');
  expect(await sweeper.sweep()).toBe(0);
  const finishedOn = Number(await planted.redis.zscore(planted.key('failed'), failed[0] ?? ''));
  expect(await planted.redis.zscore(planted.key('retained'), failed[0] ?? '')).toBe(
    `${finishedOn + 30 * HOUR}`,
  );
});

test('retainOwn goes into a pipeline, too, and passes over what is no id', async () => {
  const { redis, prefix } = openPlanted();
  const retention = { completedMs: 10, failedMs: 20 };
  const id = `default:${'A'.repeat(22)}`;
  const pipeline = redis.pipeline();
  retainOwn(pipeline, prefix, { id, state: 'expired', finishedAt: 5, retention });
  await pipeline.exec();
  expect(await redis.zrange(`${prefix}:{default}:retained`, 0, '-1', 'WITHSCORES')).toEqual([
    'A'.repeat(22),
    '25',
  ]);
  expect(
    retainOwn(redis, prefix, { id: 'x', state: 'failed', finishedAt: 5, retention }),
  ).toBeUndefined();
});

test('the clock of Redis counts: a worker that is an hour ahead removes nothing too early', async () => {
  const planted = openPlanted();
  await planted.finished('completed', await hoursAgo(planted, 0.5), { type: 'short' });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + HOUR });
  expect(await sweeperOf(planted).sweep()).toBe(0);
  vi.setSystemTime(Date.now() - 3 * HOUR);
  await planted.finished('completed', await hoursAgo(planted, 1.5), { type: 'short' });
  expect(await sweeperOf(planted).sweep()).toBe(1);
});

test('1,300 of one millisecond, of two types in turns, are told apart to the last', async () => {
  const planted = openPlanted();
  const finishedOn = await hoursAgo(planted, 1.5);
  const plant = (index: number) =>
    planted.finished('completed', finishedOn, { type: index % 2 ? 'long' : 'short' });
  const uniques = await times(1_300, plant);
  const sweeper = sweeperOf(planted);
  expect(await sweeper.sweep()).toBe(650);
  const left = await planted.redis.zrange(planted.key('completed'), 0, '-1');
  expect(left).toEqual(uniques.filter((_, index) => index % 2));
  // The same ones again, after their time.
  const moved = left.flatMap((unique) => [finishedOn - 9 * HOUR, unique]);
  await planted.redis.zadd(planted.key('completed'), ...moved);
  expect(await sweeper.sweep()).toBe(650);
});

test('what was looked at is not looked at again, until the marks are forgotten', async () => {
  const planted = openPlanted();
  const sweeper = sweeperOf(planted);
  const at = await hoursAgo(planted, 1.5);
  await times(3, (index) => planted.finished('completed', at + index, { type: 'long' }));
  await sweeper.sweep();
  // Behind the mark: no worker whose clock is right would do that.
  const late = await planted.finished('completed', at - 5, { type: 'short' });
  expect(await sweeper.sweep()).toBe(0);
  const after = await planted.finished('completed', at + 5, { type: 'short' });
  expect(await sweeper.sweep()).toBe(1);
  expect(await planted.redis.exists(planted.key(after), planted.key(late))).toBe(1);
  const leftMs = await planted.redis.pttl(planted.key('swept'));
  expect(leftMs).toBeGreaterThan(23 * HOUR);
  expect(leftMs).toBeLessThanOrEqual(24 * HOUR);
  await planted.redis.del(planted.key('swept'));
  expect(await sweeper.sweep()).toBe(1);
});

test('another retention holds for those that have finished before, too', async () => {
  const planted = openPlanted();
  await planted.finished('completed', await hoursAgo(planted, 1.5), { type: 'long' });
  expect(await sweeperOf(planted).sweep()).toBe(0);
  const kept = { completedMs: HOUR, failedMs: HOUR };
  const changed = new Map([
    ...types,
    ['long', kept],
    ['longest', { ...kept, completedMs: 50 * HOUR }],
  ] as const);
  expect(await sweeperOf(planted, changed).sweep()).toBe(1);
});

test('of two that sweep at once, one does', async () => {
  const planted = openPlanted();
  const at = await hoursAgo(planted, 1.5);
  await times(1_200, () => planted.finished('completed', at, { type: 'short' }));
  const [one, other] = [sweeperOf(planted), sweeperOf(planted)];
  const removed = await Promise.all([one.sweep(), other.sweep()]);
  expect(new Set(removed)).toEqual(new Set([0, 1_200]));
  await planted.redis.set(planted.key('sweeping'), 'somebody');
  await planted.finished('completed', at, { type: 'short' });
  expect(await one.sweep()).toBe(0);
  expect(await planted.redis.get(planted.key('sweeping'))).toBe('somebody');
});

test('wishes to cancel what has ended or is gone are forgotten', async () => {
  const planted = openPlanted();
  const [active, ended] = [
    await planted.active(),
    await planted.finished('failed', await hoursAgo(planted, 0)),
  ];
  const gone = Array.from({ length: 700 }, () => planted.unique());
  for (const unique of [active, ended, ...gone])
    await planted.redis.hset(planted.key('cancelling'), unique, 'why');
  await sweeperOf(planted).sweep();
  expect(await planted.redis.hkeys(planted.key('cancelling'))).toEqual([active]);
});

test('without types nothing is swept but what has a time of its own', async () => {
  const planted = openPlanted();
  await planted.finished('completed', 5);
  expect(await sweeperOf(planted, new Map()).sweep()).toBe(0);
});

test('sweeps within a minute and every minute, tells of trouble, and stops', async () => {
  const planted = openPlanted();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const sweeper = sweeperOf(planted);
  const minutesUntil = async (fact: () => Promise<boolean>) => {
    while (!(await fact())) await vi.advanceTimersByTimeAsync(60_000);
  };
  sweeper.start();
  for (let round = 1; round <= 2; round += 1) {
    await planted.finished('completed', await hoursAgo(planted, 2), { type: 'short' });
    await minutesUntil(async () => (await planted.redis.exists(planted.key('completed'))) === 0);
  }
  await planted.redis.set(planted.key('completed'), 'no set');
  await minutesUntil(async () => (await planted.redis.ping()) && sweeper.told.length > 0);
  expect(String(sweeper.told[0])).toContain('WRONGTYPE');
  sweeper.stop();
  expect(vi.getTimerCount()).toBe(0);
});
