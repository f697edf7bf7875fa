import { expect, test } from 'vitest';
import { readCounts } from '../queue-counts.js';
import { all, type InChunk, plantChunk } from './planted-chunks.test-d.js';
import { openPlanted, type Planted } from './planted-jobs.test-d.js';
import { readDetails } from './read-detail.js';
import { discardTask, redriveTask } from './redrive.js';

const idOf = (chunk: string, index: number): string => `default:${chunk}:${index}`;

async function statesOf(planted: Planted, chunk: string, count: number) {
  const ids = Array.from({ length: count }, (_, index) => idOf(chunk, index));
  const read = await readDetails(planted, ids, { withLogs: true });
  return read.map((task) => task?.state);
}

async function everything({ redis, prefix }: Planted): Promise<string[]> {
  return (await redis.keys(`${prefix}*`)).sort();
}

const mixed: readonly InChunk[] = ['completed', 'left', 'completed', 'open'];

test('a task that completed in its chunk is discarded with all that is of it, and nothing else', async () => {
  const planted = openPlanted();
  const { redis } = planted;
  const fields = { g1: '1', g2: '2', lg: 1 };
  const tasks = all('completed', 4);
  const chunk = await plantChunk(planted, { in: 'completed', tasks, fields });
  for (const index of [1, 2]) await redis.rpush(planted.key(`${chunk}.${index}:logs`), 'line');
  await redis.hset(planted.key('cancelling'), `${chunk}.2`, 'why');
  expect(await discardTask(planted, idOf(chunk, 2))).toEqual({ found: 'completed', done: true });
  expect(await discardTask(planted, idOf(chunk, 2))).toEqual({ found: 'unknown', done: false });
  expect(await statesOf(planted, chunk, 4)).toEqual([
    'completed',
    'completed',
    undefined,
    'completed',
  ]);
  expect(await redis.hgetall(planted.key(chunk))).toMatchObject({
    r: '0,5 {"n":0}\n10,5 {"n":1}\n-\n30,5 {"n":3}\n',
    data: '[\n"p0",\n"p1",\nnull,\n"p3"\n]',
    x2: '1',
    g1: '1',
    d: '3',
    o: '0',
    k: '4',
  });
  expect(await redis.hexists(planted.key(chunk), 'g2')).toBe(0);
  const chunks = { jobs: '0', finished: '1', completed: '3' };
  expect(await redis.hgetall(planted.key('chunks'))).toEqual(chunks);
  const left = [chunk, `${chunk}.1:logs`, 'chunks', 'completed'].map((part) => planted.key(part));
  expect(await everything(planted)).toEqual(left.sort());
});

test('all tasks of a chunk may be discarded, and the chunk stays for the sweeper', async () => {
  const planted = openPlanted();
  const chunk = await plantChunk(planted, { in: 'completed', tasks: all('completed', 3) });
  for (const index of [2, 0, 1])
    expect(await discardTask(planted, idOf(chunk, index))).toMatchObject({ done: true });
  expect(await statesOf(planted, chunk, 3)).toEqual([undefined, undefined, undefined]);
  const { data, r, d } = await planted.redis.hgetall(planted.key(chunk));
  expect([data, r, d]).toEqual(['[\nnull,\nnull,\nnull\n]', '-\n-\n-\n', '0']);
  const counts = await readCounts(planted.redis, planted.prefix, 'default');
  expect(counts.completed).toBe(0);
  expect(await planted.redis.zscore(planted.key('completed'), chunk)).toBe('5000');
});

test('what completed may be discarded while its chunk still runs', async () => {
  const planted = openPlanted();
  const chunk = await plantChunk(planted, { in: 'active', tasks: mixed });
  expect(await discardTask(planted, idOf(chunk, 0))).toEqual({ found: 'completed', done: true });
  expect(await statesOf(planted, chunk, 4)).toEqual([undefined, undefined, 'completed', 'active']);
  const counts = await readCounts(planted.redis, planted.prefix, 'default');
  expect(counts).toMatchObject({ completed: 1, active: 1 });
});

test('what is open in a chunk, or gone, is told, and not touched', async () => {
  const planted = openPlanted();
  const { redis } = planted;
  const places = { waiting: 'wait', delayed: 'delayed', active: 'active' } as const;
  for (const [found, place] of Object.entries(places)) {
    const chunk = await plantChunk(planted, { in: place, tasks: mixed });
    const before = await redis.hgetall(planted.key(chunk));
    for (const administer of [redriveTask, discardTask]) {
      expect(await administer(planted, idOf(chunk, 3))).toEqual({ found, done: false });
      for (const index of [1, 4, 999])
        expect(await administer(planted, idOf(chunk, index))).toEqual({
          found: 'unknown',
          done: false,
        });
    }
    const completed = { found: 'completed', done: false };
    expect(await redriveTask(planted, idOf(chunk, 0), { payloadJson: '1' })).toEqual(completed);
    expect(await redis.hgetall(planted.key(chunk))).toEqual(before);
  }
});

test('a chunk is no task: it is neither redriven nor discarded', async () => {
  const planted = openPlanted();
  const chunk = await plantChunk(planted, { in: 'completed', tasks: mixed.slice(0, 3) });
  const byHand = await planted.finished('failed', 5, { options: { c: 2 } });
  const before = await everything(planted);
  for (const unique of [chunk, byHand])
    for (const administer of [redriveTask, discardTask])
      expect(await administer(planted, `default:${unique}`)).toEqual({
        found: 'unknown',
        done: false,
      });
  // What another program did to it, its tasks cannot undo.
  expect(await redriveTask(planted, idOf(byHand, 0))).toEqual({ found: 'failed', done: false });
  expect(await discardTask(planted, idOf(byHand, 0))).toEqual({ found: 'failed', done: false });
  expect(await everything(planted)).toEqual(before);
  const completed = await plantChunk(planted, { in: 'completed', tasks: all('open', 2) });
  expect(await discardTask(planted, idOf(completed, 0))).toEqual({ found: 'unknown', done: false });
});

test('a task that has left its chunk is redriven and discarded as any other', async () => {
  const planted = openPlanted();
  const { redis } = planted;
  const chunk = await plantChunk(planted, { in: 'completed', tasks: all('left', 2) });
  const own = `${chunk}.1`;
  await planted.finished('failed', 5, { unique: own, options: { tags: ['eu'] } });
  await redis.zadd(planted.key('tag:eu'), 5, own);
  expect(await redriveTask(planted, idOf(chunk, 1), { payloadJson: '"again"' })).toEqual({
    found: 'failed',
    done: true,
  });
  expect(await redis.zrange(planted.key('delayed'), 0, '-1')).toEqual([own]);
  expect(await redriveTask(planted, idOf(chunk, 1))).toEqual({ found: 'delayed', done: false });
  const [again] = await readDetails(planted, [idOf(chunk, 1)], { withLogs: false });
  expect(again).toMatchObject({ state: 'delayed', payload: 'again' });
  await redis.zrem(planted.key('delayed'), own);
  await planted.finished('completed', 5, { unique: own, options: { tags: ['eu'] } });
  await redis.rpush(planted.key(`${own}:logs`), 'line');
  expect(await discardTask(planted, idOf(chunk, 1))).toEqual({ found: 'completed', done: true });
  const left = [chunk, 'chunks', 'completed', 'marker'].map((part) => planted.key(part));
  expect(await everything(planted)).toEqual(left.sort());
});

test('what cannot be read of a chunk keeps nothing from being discarded', async () => {
  const planted = openPlanted();
  for (const fields of [
    { r: '', data: '{' },
    { r: 'no line', data: '[\n"p0"' },
  ]) {
    const chunk = await plantChunk(planted, {
      in: 'completed',
      tasks: all('completed', 2),
      fields,
    });
    expect(await discardTask(planted, idOf(chunk, 1))).toEqual({ found: 'completed', done: true });
    expect(await planted.redis.hgetall(planted.key(chunk))).toMatchObject({ ...fields, x1: '1' });
  }
});
