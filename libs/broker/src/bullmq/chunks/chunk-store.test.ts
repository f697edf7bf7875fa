import { expect, test } from 'vitest';
import { ChunkRig, leave, numbered, PUSHED_AT } from './chunk-rig.test-d.js';
import {
  type HeldChunk,
  lookIntoChunk,
  noteDelayed,
  type ResultLines,
  saveResults,
} from './chunk-store.js';

const SINCE = PUSHED_AT + 50;
/** `count` results from `from` on, all of them completed unless said otherwise. */
const results = (from: number, count: number, given: Partial<ResultLines> = {}): ResultLines => {
  const lines = Array.from({ length: count }, (_, at) => `${from + at},1 "${from + at}"`);
  return { from, lines, completed: count, since: SINCE, ...given };
};

async function taken(size = 5) {
  const rig = new ChunkRig();
  const held = await rig.taken(numbered(size));
  const chunk = () => rig.job(held.chunk);
  return { rig, held, chunk, counts: () => rig.counts() };
}

test('results are saved in order, and counted', async () => {
  const { held, chunk, counts } = await taken();
  expect(await counts()).toEqual({ jobs: 1, open: 5 });
  expect(await saveResults(held, results(0, 2))).toBe(true);
  expect(await chunk()).toMatchObject({
    r: '0,1 "0"\n1,1 "1"\n',
    k: '2',
    d: '2',
    o: '3',
    t0: `${SINCE}`,
  });
  expect(await counts()).toEqual({ jobs: 1, open: 3, completed: 2 });
  expect(await saveResults(held, results(2, 3))).toBe(true);
  expect(await chunk()).toMatchObject({
    r: '0,1 "0"\n1,1 "1"\n2,1 "2"\n3,1 "3"\n4,1 "4"\n',
    k: '5',
    d: '5',
    o: '0',
  });
  expect(await counts()).toEqual({ jobs: 0, open: 0, completed: 5, finished: 1 });
});

test('a save that is sent twice, because its answer was lost, is done once', async () => {
  const { held, chunk, counts } = await taken();
  for (let time = 0; time < 3; time += 1) expect(await saveResults(held, results(0, 2))).toBe(true);
  expect(await chunk()).toMatchObject({ r: '0,1 "0"\n1,1 "1"\n', k: '2', d: '2', o: '3' });
  expect(await counts()).toEqual({ jobs: 1, open: 3, completed: 2 });
});

test.each([
  ['one that leaves some out', results(3, 1)],
  ['one that begins before the last ended', results(1, 2)],
  ['one of what was saved before', results(0, 1)],
])('results come one after the other: %s is refused, and changes nothing', async (_, wrong) => {
  const { held, chunk, counts } = await taken();
  await saveResults(held, results(0, 2));
  const [before, counted] = [await chunk(), await counts()];
  expect(await saveResults(held, wrong)).toBe(false);
  expect(await chunk()).toEqual(before);
  expect(await counts()).toEqual(counted);
});

test('times count from when the first were saved, whoever saves more', async () => {
  const { held, chunk } = await taken();
  await saveResults(held, results(0, 1));
  await saveResults(held, results(1, 1, { since: SINCE + 9_999 }));
  expect(await chunk()).toMatchObject({ t0: `${SINCE}` });
});

const LOST = [
  [
    'another worker has it',
    (rig: ChunkRig, chunk: string) => rig.redis.set(rig.key(`${chunk}:lock`), 'other'),
  ],
  ['nobody has it', (rig: ChunkRig, chunk: string) => rig.redis.del(rig.key(`${chunk}:lock`))],
] as const;

test.each(LOST)(
  'without the lease nothing is saved, nobody leaves and nothing is told: %s',
  async (_, lose) => {
    const { rig, held, chunk, counts } = await taken();
    await lose(rig, held.chunk);
    const [before, counted] = [await chunk(), await counts()];
    expect(await saveResults(held, results(0, 2))).toBe(false);
    expect(await leave(held, 3)).toBe(false);
    expect(await lookIntoChunk(held, 5)).toBeUndefined();
    expect(await chunk()).toEqual(before);
    expect(await rig.job(`${held.chunk}.3`)).toEqual({});
    expect(await counts()).toEqual(counted);
  },
);

test('a chunk that somebody removed while it ran does not come to life again', async () => {
  const { rig, held, counts } = await taken();
  await rig.redis.del(rig.key(held.chunk));
  const counted = await counts();
  expect(await saveResults(held, results(0, 2))).toBe(false);
  expect(await leave(held, 3)).toBe(false);
  expect(await rig.redis.exists(rig.key(held.chunk), rig.key(`${held.chunk}.3`))).toBe(0);
  expect(await counts()).toEqual(counted);
});

test('a chunk whose count was lost after its push is counted with its first result, once', async () => {
  const { rig, held, counts } = await taken();
  await rig.redis.hdel(rig.key(held.chunk), 'o');
  await rig.redis.del(rig.key('chunks'));
  await saveResults(held, results(0, 1));
  expect(await counts()).toEqual({ jobs: 1, open: 4, completed: 1 });
  await leave(held, 1);
  expect(await counts()).toEqual({ jobs: 1, open: 3, completed: 1 });
});

test('tasks that left are settled, and none of those that completed', async () => {
  const { held, chunk, counts } = await taken(3);
  await leave(held, 0);
  await leave(held, 2);
  expect(await counts()).toEqual({ jobs: 1, open: 1 });
  const lines = ['-', '1,1 "1"', '-'];
  expect(await saveResults(held, results(0, 3, { lines, completed: 1 }))).toBe(true);
  expect(await chunk()).toMatchObject({ r: '-\n1,1 "1"\n-\n', k: '3', d: '1', o: '0' });
  expect(await counts()).toEqual({ jobs: 0, open: 0, completed: 1, finished: 1 });
});

const look = (held: HeldChunk, size = 5) => lookIntoChunk(held, size);

test('there is nothing in a fresh chunk', async () => {
  const { held } = await taken();
  expect(await look(held)).toEqual({
    saved: 0,
    bytes: 0,
    since: undefined,
    left: new Set(),
    wishes: new Map(),
  });
});

test('who takes a chunk over sees what is saved, who has left, and who is to be cancelled', async () => {
  const { rig, held } = await taken();
  await leave(held, 0);
  await saveResults(held, results(0, 2, { lines: ['-', '1,1 "1"'], completed: 1 }));
  await leave(held, 2);
  await leave(held, 4);
  const wishes = { 0: 'late', 1: 'late', 3: 'enough', 4: 'left' };
  const cancelling = rig.key('cancelling');
  for (const [index, reason] of Object.entries(wishes))
    await rig.redis.hset(cancelling, `${held.chunk}.${index}`, reason);
  await rig.redis.hset(cancelling, `${'A'.repeat(22)}.3`, 'another chunk', held.chunk, 'no task');
  expect(await look(held)).toEqual({
    saved: 2,
    bytes: '-\n1,1 "1"\n'.length,
    since: SINCE,
    left: new Set([2, 4]),
    wishes: new Map([
      [3, 'enough'],
      [4, 'left'],
    ]),
  });
});

test('all have left or are saved: there is nothing to do in it', async () => {
  const { held } = await taken(2);
  await leave(held, 1);
  await saveResults(held, results(0, 1));
  expect(await look(held, 2)).toMatchObject({ saved: 1, left: new Set([1]) });
  await saveResults(held, results(1, 1, { lines: ['-'], completed: 0 }));
  expect(await look(held, 2)).toMatchObject({ saved: 2, left: new Set() });
});

test('a chunk that is put back for later is noted for those who count', async () => {
  const { rig, held } = await taken();
  await noteDelayed(held);
  expect(await rig.redis.smembers(rig.key('chunks-delayed'))).toEqual([held.chunk]);
});
