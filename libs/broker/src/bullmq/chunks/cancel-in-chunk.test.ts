import { until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { cancelChannel } from '../keys.js';
import { readCounts } from '../queue-counts.js';
import { readTasks } from '../read-tasks.js';
import { cancelInChunk } from './cancel-in-chunk.js';
import { type ChunkOptions, ChunkRig, leave, numbered, PUSHED_AT } from './chunk-rig.test-d.js';
import { lookIntoChunk, saveResults } from './chunk-store.js';

/** A chunk of three. */
async function open(given: ChunkOptions = {}) {
  const rig = new ChunkRig();
  const { redis, prefix } = rig;
  const chunk = await rig.push(numbered(3), { replyTo: 'me', ...given });
  const cancel = (index: number, reason = 'enough') => {
    const place = { unique: chunk, index };
    const unique = `${chunk}.${index}`;
    return cancelInChunk({ redis, prefix, queue: 'default', unique, chunk: place }, reason);
  };
  const read = () => readTasks(redis, prefix, rig.ids(chunk, [0, 1, 2]));
  return { rig, chunk, cancel, read };
}

test.each([
  ['waiting', {}],
  ['delayed', { delayMs: 60_000 }],
  ['waiting', { priority: 4 }],
] as const)('in a chunk that is %s it ends at once, and alone: %j', async (state, given) => {
  const { rig, chunk, cancel, read } = await open(given);
  const [found, effect, options] = await cancel(1);
  expect([found, effect]).toEqual([state, 'cancelled']);
  expect(JSON.parse(options ?? '')).toMatchObject({ r: 'me' });
  expect(await read()).toMatchObject([
    { state },
    {
      state: 'cancelled',
      attempts: 0,
      startedAt: undefined,
      finishedAt: expect.any(Number),
      failure: { code: 'TASK_CANCELLED', message: 'the task was cancelled: enough' },
    },
    { state },
  ]);
  expect(await rig.counts()).toEqual({ jobs: 1, open: 2 });
  expect(await rig.redis.zrange(rig.key('cancelled'), '0', '-1')).toEqual([`${chunk}.1`]);
  expect(await rig.redis.exists(rig.key('cancelling'))).toBe(0);
});

test('when it ended, the clock of Redis says', async () => {
  const { rig, cancel, read } = await open();
  const now = async () => {
    const [seconds, micros] = await rig.redis.time();
    return Math.floor(Number(seconds) * 1_000 + Number(micros) / 1_000);
  };
  const before = await now();
  await cancel(0);
  const [task] = await read();
  expect(task?.finishedAt).toBeGreaterThanOrEqual(before);
  expect(task?.finishedAt).toBeLessThanOrEqual(await now());
});

test.each([
  ['wait', {}],
  ['delayed', { delayMs: 60_000 }],
  ['prioritized', { priority: 4 }],
] as const)(
  'all tasks of a chunk, one after the other: then it has ended, too (%s)',
  async (place, given) => {
    const { rig, chunk, cancel, read } = await open(given);
    const { redis, prefix, key } = rig;
    const other = await rig.push(numbered(2), given);
    for (const index of [2, 0, 1]) expect((await cancel(index))[1]).toBe('cancelled');
    expect((await read()).map((task) => task?.state)).toEqual(Array(3).fill('cancelled'));
    expect(await rig.counts()).toEqual({ jobs: 1, open: 2, finished: 1 });
    const { finishedOn } = await rig.job(chunk);
    expect(await redis.zrange(key('completed'), '0', '-1', 'WITHSCORES')).toEqual([
      chunk,
      finishedOn,
    ]);
    const left =
      place === 'wait'
        ? await redis.lrange(key('wait'), 0, -1)
        : await redis.zrange(key(place), '0', '-1');
    expect(left).toEqual([other]);
    const state = place === 'delayed' ? 'delayed' : 'waiting';
    expect(await readCounts(redis, prefix, 'default')).toEqual({
      ...{ waiting: 0, delayed: 0, active: 0, completed: 0, failed: 0, expired: 0 },
      [state]: 2,
      cancelled: 3,
    });
  },
);

test('all tasks of a chunk whose worker died: it is still to be taken, and there is nothing to do in it', async () => {
  const { rig, chunk, cancel } = await open();
  const { redis, key } = rig;
  await rig.take(chunk);
  await redis.del(key(`${chunk}:lock`));
  for (const index of [2, 0, 1]) expect((await cancel(index))[1]).toBe('cancelled');
  expect(await redis.exists(key('completed'))).toBe(0);
  await redis.lrem(key('active'), 0, chunk);
  const held = await rig.take(chunk);
  expect(await lookIntoChunk(held, 3)).toMatchObject({ saved: 0, left: new Set([0, 1, 2]) });
});

test('where a worker holds the chunk, it is told, and the wish is kept', async () => {
  const { rig, chunk, cancel, read } = await open();
  const { redis, key, prefix } = rig;
  const heard: string[] = [];
  const subscriber = redis.duplicate();
  onTestFinished(() => subscriber.disconnect());
  subscriber.on('message', (_channel, message) => heard.push(message));
  await subscriber.subscribe(cancelChannel(prefix, 'default'));
  const held = await rig.take(chunk);
  expect(await cancel(2, 'no "need"')).toEqual(['active', 'requested']);
  expect(await redis.hgetall(key('cancelling'))).toEqual({ [`${chunk}.2`]: 'no "need"' });
  await until(() => heard.length === 1, { what: 'the message' });
  expect(JSON.parse(heard[0] ?? '')).toEqual([`${chunk}.2`, 'no "need"']);
  expect((await read())[2]).toMatchObject({ state: 'active' });
  expect((await lookIntoChunk(held, 3))?.wishes).toEqual(new Map([[2, 'no "need"']]));
});

test('what completed in it has completed, held or not', async () => {
  const { rig, chunk, cancel, read } = await open();
  const held = await rig.take(chunk);
  await saveResults(held, { from: 0, lines: ['0,1 1'], completed: 1, since: PUSHED_AT });
  expect(await cancel(0)).toEqual(['completed', 'none']);
  await rig.redis.del(rig.key(`${chunk}:lock`));
  expect(await cancel(0)).toEqual(['completed', 'none']);
  expect((await read())[0]).toMatchObject({ state: 'completed' });
  expect(await rig.redis.exists(rig.key('cancelling'))).toBe(0);
});

test('what has left is to be looked for elsewhere, and so is all of a chunk that is gone', async () => {
  const { rig, chunk, cancel } = await open();
  await leave(await rig.take(chunk), 1);
  expect(await cancel(1)).toBe('left');
  await cancel(0);
  await rig.redis.del(rig.key(`${chunk}:lock`));
  expect(await cancel(1)).toBe('left');
  await rig.redis.del(rig.key(chunk));
  expect(await cancel(2)).toBe('left');
  expect(await rig.redis.hkeys(rig.key('cancelling'))).toEqual([`${chunk}.0`]);
});

test('an index beyond the end is no task, held or not', async () => {
  const { rig, chunk, cancel } = await open();
  expect(await cancel(3)).toEqual(['unknown', 'none']);
  await rig.take(chunk);
  expect(await cancel(999)).toEqual(['unknown', 'none']);
  expect(await rig.redis.exists(rig.key('cancelling'), rig.key(`${chunk}.3`))).toBe(0);
  expect(await rig.counts()).toEqual({ jobs: 1, open: 3 });
});

test('a job that is no chunk has no tasks', async () => {
  const { rig, chunk, cancel } = await open();
  await rig.redis.hset(rig.key(chunk), 'opts', '{"attempts":3}');
  expect(await cancel(0)).toEqual(['unknown', 'none']);
});

test.each([
  ['completed', { returnvalue: '1' }, 'unknown'],
  ['failed', { failedReason: 'no' }, 'failed'],
] as const)(
  'in a chunk that another program took for one job, which %s, nothing is left to cancel',
  async (_, end, found) => {
    const { rig, chunk, cancel, read } = await open();
    await rig.redis.lrem(rig.key('wait'), 1, chunk);
    await rig.redis.hset(rig.key(chunk), { finishedOn: PUSHED_AT + 9, ...end });
    expect(await cancel(1)).toEqual([found, 'none']);
    expect(await rig.redis.exists(rig.key('cancelling'), rig.key('cancelled'))).toBe(0);
    expect((await read())[1]?.state ?? 'unknown').toBe(found);
  },
);
