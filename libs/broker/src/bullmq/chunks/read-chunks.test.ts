import { expect, test } from 'vitest';
import { toReturnValue, toStackText } from '../job-codec.js';
import { readTasks } from '../read-tasks.js';
import { ChunkRig, leave, numbered, PUSHED_AT } from './chunk-rig.test-d.js';
import { saveResults } from './chunk-store.js';
import { readChunk } from './read-chunks.js';

const SINCE = PUSHED_AT + 50;

/** A chunk of which the first so many are saved. */
async function open(size: number, saved: number) {
  const rig = new ChunkRig();
  const held = await rig.taken(numbered(size));
  const lines = Array.from({ length: saved }, (_, index) => `${index},1 {"n":${index}}`);
  if (saved > 0) await saveResults(held, { from: 0, lines, completed: saved, since: SINCE });
  const { chunk } = held;
  const read = (...indexes: number[]) =>
    readChunk(
      { redis: rig.redis, prefix: rig.prefix, queue: 'default' },
      chunk,
      indexes.map((index) => ({ id: `default:${chunk}:${index}`, index })),
    );
  const readAll = (...indexes: number[]) =>
    readTasks(rig.redis, rig.prefix, rig.ids(chunk, indexes));
  return { rig, held, chunk, read, readAll, field: rig.key(chunk) };
}

const completed = (index: number) => ({
  state: 'completed',
  attempts: 1,
  result: { n: index },
  startedAt: SINCE + index,
  finishedAt: SINCE + index + 1,
});

test('200 tasks of 1,000, in the order that they are asked for, one of them twice', async () => {
  const { read, chunk } = await open(1_000, 1_000);
  const indexes = Array.from({ length: 199 }, (_, at) => (at * 617) % 1_000);
  const found = await read(...indexes, 999, 0, 0);
  expect(found).toMatchObject(
    [...indexes, 999, 0, 0].map((index) => ({
      id: `default:${chunk}:${index}`,
      type: 'repeater',
      pushedAt: PUSHED_AT,
      ...completed(index),
    })),
  );
});

test('a thousand tasks at once', async () => {
  const { readAll } = await open(1_000, 1_000);
  const indexes = Array.from({ length: 1_000 }, (_, at) => 999 - at);
  expect(await readAll(...indexes)).toMatchObject(indexes.map(completed));
});

test('what is not settled is where its chunk is', async () => {
  const { rig, chunk, read } = await open(4, 2);
  const { redis, key } = rig;
  const states = async () => (await read(0, 1, 2, 3)).map((task) => task !== 'left' && task?.state);
  expect(await states()).toEqual(['completed', 'completed', 'active', 'active']);
  await redis.del(key(`${chunk}:lock`));
  expect(await states()).toEqual(['completed', 'completed', 'waiting', 'waiting']);
  await redis.zadd(key('delayed'), 5, chunk);
  expect(await states()).toEqual(['completed', 'completed', 'delayed', 'delayed']);
  expect((await read(3))[0]).toMatchObject({ attempts: 0, pushedAt: PUSHED_AT });
});

test('what its push said of times stands with each task', async () => {
  const rig = new ChunkRig();
  const times = { startBy: PUSHED_AT + 1, deadline: PUSHED_AT + 2 };
  const retention = { completedMs: 3, failedMs: 4 };
  const chunk = await rig.push(numbered(2), { ...times, retention });
  const [first] = await readTasks(rig.redis, rig.prefix, rig.ids(chunk, [1]));
  expect(first).toMatchObject({ state: 'waiting', ...times, retention });
});

test('what has left is read where it is now', async () => {
  const { rig, held, readAll, read, field } = await open(3, 0);
  await leave(held, 1);
  expect(await read(1)).toEqual(['left']);
  expect(await readAll(0, 1, 2)).toMatchObject([
    { state: 'active' },
    { state: 'failed', attempts: 1, failure: { message: 'why' } },
    { state: 'active' },
  ]);
  // Its line says the same, should the mark be lost.
  await saveResults(held, {
    from: 0,
    lines: ['0,1 {"n":0}', '-'],
    completed: 1,
    since: SINCE,
  });
  await rig.redis.hdel(field, 'x1');
  expect(await read(0, 1)).toMatchObject([completed(0), 'left']);
});

test('what has left and is gone by now is unknown', async () => {
  const { rig, held, chunk, readAll } = await open(2, 0);
  await leave(held, 1);
  await rig.redis.del(rig.key(`${chunk}.1`));
  expect(await readAll(0, 1)).toMatchObject([{ state: 'active' }, undefined]);
});

test('a task beyond the end of its chunk is none, in whatever state that is', async () => {
  const { rig, chunk, read, held } = await open(2, 0);
  expect(await read(2, 999)).toEqual([undefined, undefined]);
  await saveResults(held, {
    from: 0,
    lines: ['0,1 1', '0,1 1'],
    completed: 2,
    since: SINCE,
  });
  await rig.redis.hset(rig.key(chunk), { finishedOn: 1, returnvalue: 'null ' });
  expect(await read(1, 2, 999)).toMatchObject([{ state: 'completed' }, undefined, undefined]);
});

test('of a chunk that is gone nothing is known, but what has left it is', async () => {
  const { rig, held, chunk, read, readAll } = await open(2, 1);
  await leave(held, 1);
  await rig.redis.del(rig.key(chunk));
  expect(await read(0, 1)).toEqual([undefined, undefined]);
  expect(await readAll(0, 1)).toMatchObject([undefined, { state: 'failed' }]);
});

test('a job that is no chunk has no tasks', async () => {
  const { rig, chunk, read, field } = await open(2, 0);
  await rig.redis.hset(field, 'opts', '{"attempts":3,"tags":["c"]}');
  expect(await read(0, 1)).toEqual([undefined, undefined]);
  await rig.redis.hdel(field, 'opts');
  expect(await read(0)).toEqual([undefined]);
  expect(chunk).toHaveLength(22);
});

test('results that somebody broke keep no neighbour from being answered', async () => {
  const { rig, read, field } = await open(5, 5);
  await rig.redis.hset(field, 'r', '0,1 {"n":0}\n1,1 {broken\ngarbage\n3,1 {"n":3}\n');
  expect(await read(0, 1, 2, 3, 4)).toMatchObject([
    completed(0),
    { state: 'completed', failure: { code: 'ENVELOPE_UNREADABLE' } },
    { state: 'completed', failure: { code: 'ENVELOPE_UNREADABLE' } },
    completed(3),
    {},
  ]);
  await rig.redis.hdel(field, 'r', 't0');
  expect(await read(0, 4)).toHaveLength(2);
});

test('a result of nothing, and one in the result store', async () => {
  const { rig, read, field } = await open(2, 2);
  const nothing = toReturnValue({ kind: 'completed', resultJson: undefined });
  const stored = toReturnValue({ kind: 'completed', resultJson: '1', isStored: true });
  await rig.redis.hset(field, 'r', `0,1 ${nothing}\n1,1 ${stored}\n`);
  const [first, second] = await read(0, 1);
  expect(first).toMatchObject({ state: 'completed', result: undefined });
  expect(first).not.toHaveProperty('isStored');
  expect(second).toMatchObject({ state: 'completed', isStored: true });
});

test('a chunk that another program completed as one job: there are no results but those that were saved', async () => {
  const { rig, chunk, readAll, field } = await open(3, 1);
  await rig.redis.del(rig.key(`${chunk}:lock`));
  await rig.redis.hset(field, { finishedOn: SINCE + 9, returnvalue: '["a","b"]' });
  expect(await readAll(0, 1, 2)).toMatchObject([completed(0), undefined, undefined]);
});

test('a chunk that failed as one job: so did all tasks without a result', async () => {
  const { rig, chunk, readAll, field } = await open(3, 1);
  const failure = { name: 'RangeError', message: 'no', code: 'HANDLER_FAILED' };
  await rig.redis.del(rig.key(`${chunk}:lock`));
  const stacktrace = JSON.stringify([toStackText(failure)]);
  await rig.redis.hset(field, { finishedOn: SINCE + 9, failedReason: 'no', stacktrace });
  const failed = { state: 'failed', finishedAt: SINCE + 9, failure };
  expect(await readAll(0, 1, 2)).toMatchObject([completed(0), failed, failed]);
});

test('the same chunk in another queue is another chunk', async () => {
  const { rig, chunk } = await open(2, 2);
  const [there, here] = await readTasks(rig.redis, rig.prefix, [
    `other:${chunk}:0`,
    `default:${chunk}:1`,
  ]);
  expect(there).toBeUndefined();
  expect(here).toMatchObject(completed(1));
});
