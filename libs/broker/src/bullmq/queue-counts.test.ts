import type { QueueCounts } from '@goflow/shared';
import { expect, test } from 'vitest';
import {
  all,
  type InChunk,
  type PlantedChunk,
  plantChunk,
} from './inspector/planted-chunks.test-d.js';
import { openPlanted, type Planted, times } from './inspector/planted-jobs.test-d.js';
import { readCounts, readDepth } from './queue-counts.js';

const counts = ({ redis, prefix }: Planted): Promise<QueueCounts> =>
  readCounts(redis, prefix, 'default');
const depth = ({ redis, prefix }: Planted): Promise<number> => readDepth(redis, prefix, 'default');

const none: QueueCounts = {
  waiting: 0,
  delayed: 0,
  active: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  expired: 0,
};

function dice(start: number): (below: number) => number {
  let seed = start;
  return (below) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 16) % below;
  };
}

/** Settled ones first, then open ones, of which some have left. */
function someTasks(random: (below: number) => number, isOpen: boolean): InChunk[] {
  const settled = Array.from(
    { length: random(8) },
    (): InChunk => (random(3) === 0 ? 'left' : 'completed'),
  );
  if (!isOpen) return [...settled, 'completed'];
  const open = Array.from(
    { length: random(8) },
    (): InChunk => (random(3) === 0 ? 'left' : 'open'),
  );
  return [...settled, 'open', ...open];
}

const PLACES = ['wait', 'prioritized', 'delayed', 'active', 'completed'] as const;
const STATES = {
  wait: 'waiting',
  prioritized: 'waiting',
  delayed: 'delayed',
  active: 'active',
} as const;

test.each([1, 2, 3])('chunks count as their tasks, wherever they are: %i', async (seed) => {
  const planted = openPlanted();
  const random = dice(seed);
  const expected: Record<keyof QueueCounts, number> = { ...none };
  for (let round = 0; round < 120; round += 1) {
    const place = PLACES[random(PLACES.length)] ?? 'wait';
    const tasks = someTasks(random, place !== 'completed');
    const chunk = await plantChunk(planted, { in: place, at: 5_000 + round, tasks });
    expected.completed += tasks.filter((task) => task === 'completed').length;
    if (place !== 'completed')
      expected[STATES[place]] += tasks.filter((task) => task === 'open').length;
    for (const [index, task] of tasks.entries()) {
      if (task !== 'left' || random(2) === 0) continue;
      expected.failed += 1;
      await planted.finished('failed', 5, { unique: `${chunk}.${index}` });
    }
    // Plain ones between them.
    if (random(3) === 0) await planted.waiting().then(() => (expected.waiting += 1));
    if (random(3) === 0) await planted.active().then(() => (expected.active += 1));
    if (random(3) === 0) await planted.delayed(5).then(() => (expected.delayed += 1));
    if (random(3) === 0)
      await planted.finished('completed', 5).then(() => (expected.completed += 1));
  }
  expect(await counts(planted)).toEqual(expected);
  expect(await depth(planted)).toBe(expected.waiting + expected.delayed);
});

test('a chunk whose last result is saved, and that is still held, counts as settled', async () => {
  const planted = openPlanted();
  const tasks: readonly InChunk[] = ['completed', 'completed', 'left'];
  await plantChunk(planted, { in: 'active', tasks });
  expect(await counts(planted)).toEqual({ ...none, completed: 2 });
  await plantChunk(planted, { in: 'delayed', tasks });
  await plantChunk(planted, { in: 'completed', tasks });
  await plantChunk(planted, { in: 'wait', tasks: all('open', 4) });
  await planted.active();
  expect(await counts(planted)).toEqual({ ...none, completed: 6, waiting: 4, active: 1 });
});

test('a chunk that is not counted yet is one task while it waits, and all of its tasks while it runs', async () => {
  const planted = openPlanted();
  const plant = (place: PlantedChunk['in'], isCounted: boolean) =>
    plantChunk(planted, { in: place, tasks: all('open', 10), isCounted });
  await plant('wait', false);
  expect(await counts(planted)).toEqual({ ...none, waiting: 1 });
  await plant('wait', true);
  await plant('active', true);
  await plant('active', false);
  expect(await counts(planted)).toEqual({ ...none, waiting: 11, active: 20 });
});

test('chunks that are delayed no more are forgotten, but for those that are held', async () => {
  const planted = openPlanted();
  const { redis } = planted;
  const set = planted.key('chunks-delayed');
  const tasks = all('open', 3);
  const [waiting, active, delayed] = [
    await plantChunk(planted, { in: 'wait', tasks }),
    await plantChunk(planted, { in: 'active', tasks }),
    await plantChunk(planted, { in: 'delayed', tasks }),
  ];
  await redis.sadd(set, waiting, active, 'gone');
  expect(await counts(planted)).toEqual({ ...none, waiting: 3, active: 3, delayed: 3 });
  expect((await redis.smembers(set)).sort()).toEqual([active, delayed].sort());
});

test('thousands of active and delayed ones are looked at slice by slice', async () => {
  const planted = openPlanted();
  const tasks = all('open', 2);
  const plant = (place: PlantedChunk['in']) => () => plantChunk(planted, { in: place, tasks });
  await Promise.all(Array.from({ length: 2_400 }, plant('active')));
  await Promise.all(Array.from({ length: 1_300 }, plant('delayed')));
  await times(3, plant('wait'));
  expect(await counts(planted)).toEqual({ ...none, active: 4_800, delayed: 2_600, waiting: 6 });
  expect(await depth(planted)).toBe(2_606);
});

test('garbage in the count, or in a chunk, makes no count negative', async () => {
  const planted = openPlanted();
  const { redis } = planted;
  await planted.finished('completed', 5);
  await plantChunk(planted, { in: 'active', tasks: ['open'], fields: { o: 'x' } });
  await plantChunk(planted, { in: 'active', tasks: ['open'], fields: { opts: '{"c":99999}' } });
  await redis.lpush(planted.key('active'), 'active', 'gone');
  await redis.hset(planted.key('chunks'), { jobs: 9, open: 1, finished: 7, completed: 'x' });
  expect(await counts(planted)).toEqual({ ...none, active: 4 });
  expect(await depth(planted)).toBe(0);
});

test('the depth is told without a look into delayed chunks', async () => {
  const planted = openPlanted();
  const chunk = await plantChunk(planted, { in: 'delayed', tasks: all('open', 5) });
  await planted.delayed(5);
  await planted.active();
  await planted.redis.hset(planted.key(chunk), 'o', 99);
  expect(await depth(planted)).toBe(6);
  expect(await counts(planted)).toMatchObject({ delayed: 100 });
});
