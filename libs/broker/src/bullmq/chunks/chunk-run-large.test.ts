import type { Verdict } from '@goflow/shared';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { readTasks } from '../read-tasks.js';
import { RetentionSweeper } from '../retention-sweeper.js';
import { RunRig } from './run-rig.test-d.js';

const KIB = 1024;
/** The most that a chunk holds of results, beside a `-` for each task that left. */
const MAX_RESULTS = 256 * KIB;
const MAX_DASHES = 2 * 1_000;

const completed = (size: number, index = 0): Verdict => ({
  kind: 'completed',
  resultJson: JSON.stringify(`${index} ${'x'.repeat(size)}`),
});

/** What is read of each of its tasks. */
async function recordsOf({ rig, held, size }: RunRig) {
  const { redis, prefix } = rig;
  const ids = rig.ids(
    held.chunk,
    Array.from({ length: size }, (_, index) => index),
  );
  return readTasks(redis, prefix, ids);
}

const own = async ({ rig }: RunRig): Promise<number[]> => {
  const uniques = await rig.redis.zrange(rig.key('completed'), '0', '-1');
  return uniques.map((unique) => Number(unique.split('.')[1])).sort((a, b) => a - b);
};

test.each([
  ['one by one they are too large', { count: 100, size: 100_000, leaving: 100 }],
  ['together they are, from the 27th on', { count: 40, size: 10_000, leaving: 14 }],
  ['all of a thousand have room', { count: 1_000, size: 200, leaving: 0 }],
])('the results in a chunk take bounded space: %s', async (_, { count, size, leaving }) => {
  const rig = await RunRig.open(count);
  await rig.run((index) => completed(size, index));
  const { k, d, o, r = '' } = await rig.chunk();
  expect(r.length).toBeLessThanOrEqual(MAX_RESULTS + MAX_DASHES);
  expect([k, d, o]).toEqual([
    `${count}`,
    leaving === count ? undefined : `${count - leaving}`,
    '0',
  ]);
  expect(await own(rig)).toEqual(Array.from({ length: leaving }, (_, at) => count - leaving + at));
  const records = await recordsOf(rig);
  records.forEach((record, index) => {
    expect(record).toMatchObject({ state: 'completed', attempts: 1 });
    expect(String(record?.result).slice(0, 9)).toBe(`${index} xxxxxxxxx`.slice(0, 9));
    expect(String(record?.result).length).toBe(`${index} `.length + size);
  });
});

test('a large one among small ones: it leaves, is told at once, and they stay in their order', async () => {
  const rig = await RunRig.open(5);
  const run = await rig.start((index) => {
    if (index === 3) expect(rig.settled).toEqual(['2 completed']);
    return completed(index === 2 ? 64 * KIB : 3, index);
  });
  expect(await run.run()).toBeUndefined();
  run.tellLast();
  expect(rig.settled).toEqual(['2', '0', '1', '3', '4'].map((index) => `${index} completed`));
  const { r = '' } = await rig.chunk();
  const results = r.split('\n').map((line) => line.slice(line.indexOf(' ') + 1));
  expect(results).toEqual(['"0 xxx"', '"1 xxx"', '-', '"3 xxx"', '"4 xxx"', '']);
  expect(await rig.rig.counts()).toMatchObject({ open: 0, completed: 4, finished: 1 });
  expect(await own(rig)).toEqual([2]);
});

const HOUR = 3_600_000;

test.each([
  ['its type', {}, HOUR],
  ['its push', { retention: { completedMs: HOUR, failedMs: 9 * HOUR } }, 9 * HOUR],
] as const)(
  'it is swept when it is past the time of %s, with its log',
  async (_, given, ofType) => {
    const rig = await RunRig.open(2, { ...given, tags: ['eu'] });
    const { redis, prefix, key } = rig.rig;
    const unique = `${rig.held.chunk}.0`;
    await redis.rpush(key(`${unique}:logs`), 'line');
    rig.aheadMs = -2 * HOUR;
    await rig.run((index) => completed(index === 0 ? 100_000 : 3, index));
    const retention = new Map([['repeater', { completedMs: ofType, failedMs: 9 * HOUR }]]);
    const report = (error: unknown): void => expect.unreachable(String(error));
    const sweeper = new RetentionSweeper({ redis, prefix, queue: 'default', retention, report });
    expect(await sweeper.sweep()).toBe(1);
    expect(await redis.exists(key(unique), key(`${unique}:logs`), key('retained'))).toBe(0);
    expect(await redis.zrange(key('tag:eu'), '0', '-1')).toEqual([rig.held.chunk]);
    const [gone, kept] = await recordsOf(rig);
    expect([gone, kept?.state]).toEqual([undefined, 'completed']);
  },
);

test('characters are not bytes, and what lies in a result store takes no room', async () => {
  const rig = await RunRig.open(12);
  await rig.run((index) => {
    const resultJson = JSON.stringify('漢'.repeat(10_000));
    return index < 10
      ? { kind: 'completed', resultJson }
      : { kind: 'completed', resultJson: 'x'.repeat(100 * KIB), isStored: true };
  });
  // 30 kB each: eight have room.
  expect(await own(rig)).toEqual([8, 9]);
  expect((await recordsOf(rig)).slice(10)).toMatchObject([{ isStored: true }, { isStored: true }]);
});

test('the next worker knows how much room is left, and who has left', async () => {
  const rig = await RunRig.open(8);
  const first = await rig.start(async (index) => {
    if (index !== 6) return completed(60_000, index);
    await until(async () => (await rig.chunk()).k === '6', { what: 'six to be saved' });
    await rig.rig.redis.set(rig.rig.key(`${rig.held.chunk}:lock`), 'of another');
    return completed(3, index);
  });
  await expect(first.run()).rejects.toThrow('Missing lock');
  expect(await own(rig)).toEqual([4, 5]);
  const next = await rig.next();
  await next.run((index) => completed(30_000, index));
  expect(next.begun).toEqual([6, 7]);
  expect(await own(rig)).toEqual([4, 5, 6, 7]);
  const { r = '', k, d } = await rig.chunk();
  expect(r.length).toBeLessThanOrEqual(MAX_RESULTS + MAX_DASHES);
  expect([k, d, r.endsWith('\n-\n-\n-\n-\n')]).toEqual(['8', '4', true]);
  expect(await recordsOf(rig)).toMatchObject(Array(8).fill({ state: 'completed', attempts: 1 }));
});

test('a large one stays done, though those before it were never saved and run again', async () => {
  const rig = await RunRig.open(4);
  const first = await rig.start(async (index) => {
    if (index === 3) await rig.rig.redis.set(rig.rig.key(`${rig.held.chunk}:lock`), 'of another');
    return completed(index === 2 ? 100_000 : 3, index);
  });
  await expect(first.run()).rejects.toThrow('Missing lock');
  expect([rig.settled, rig.lost.toSorted((a, b) => a - b)]).toEqual([['2 completed'], [0, 1, 3]]);
  const next = await rig.next();
  await next.run((index) => completed(3, index));
  expect(next.begun).toEqual([0, 1, 3]);
  expect(await rig.chunk()).toMatchObject({ k: '4', d: '3', o: '0' });
  const results = (await recordsOf(rig)).map((record) => String(record?.result).length);
  expect(results).toEqual([5, 5, 100_002, 5]);
});

test('a large one whose lease is lost before it can leave is dropped', async () => {
  const rig = await RunRig.open(2);
  const running = rig.run(async (index) => {
    await rig.rig.redis.set(rig.rig.key(`${rig.held.chunk}:lock`), 'of another');
    return completed(100_000, index);
  });
  await expect(running).rejects.toThrow('Missing lock');
  expect([rig.begun, rig.lost, rig.settled, await own(rig)]).toEqual([[0], [0], [], []]);
});
