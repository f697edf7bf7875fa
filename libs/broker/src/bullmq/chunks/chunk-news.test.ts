import type { TaskLogEntry, TaskNews } from '@goflow/shared';
import { until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { readDetails } from '../inspector/read-detail.js';
import { watchChannel } from '../keys.js';
import { RetentionSweeper } from '../retention-sweeper.js';
import { decodeNews, tellNews } from '../task-news.js';
import { ChunkRig, leave, numbered, PUSHED_AT } from './chunk-rig.test-d.js';
import { saveResults } from './chunk-store.js';

const lineOf = (seq: number): TaskLogEntry => ({
  at: new Date(PUSHED_AT + seq),
  level: 'info',
  message: `line ${seq}`,
  attempt: 1,
  seq,
});

/** A chunk of three that is held, and what its tasks tell. */
async function open() {
  const rig = new ChunkRig();
  const held = await rig.taken(numbered(3));
  const { redis, prefix, chunk } = held;
  const tell = (index: number, news: TaskNews, token = held.token) => {
    const place = { unique: chunk, index };
    const source = { prefix, queue: 'default', unique: `${chunk}.${index}`, chunk: place, token };
    return tellNews(redis, source, news);
  };
  const read = (...indexes: number[]) =>
    readDetails({ redis, prefix }, rig.ids(chunk, indexes), { withLogs: true });
  const logs = (index: number) => redis.llen(rig.key(`${chunk}.${index}:logs`));
  return { rig, held, chunk, tell, read, logs };
}

test('progress and lines of a task are kept with its chunk, and told to those who watch it', async () => {
  const { rig, chunk, tell, read, logs } = await open();
  const heard: (TaskNews | undefined)[] = [];
  const subscriber = rig.redis.duplicate();
  onTestFinished(() => subscriber.disconnect());
  subscriber.on('message', (_channel, message) => heard.push(decodeNews(message)));
  await subscriber.subscribe(watchChannel(rig.prefix, 'default', `${chunk}.1`));
  await tell(1, { progressJson: '{"done":50}', log: [lineOf(1)] });
  await tell(2, { progressJson: '7' });
  expect(await read(0, 1, 2)).toMatchObject([
    { state: 'active', log: [] },
    { state: 'active', progress: { done: 50 }, log: [lineOf(1)] },
    { state: 'active', progress: 7, log: [] },
  ]);
  expect(await rig.job(chunk)).toMatchObject({ g1: '{"done":50}', g2: '7', lg: '1' });
  expect([await logs(0), await logs(1), await logs(2)]).toEqual([0, 1, 0]);
  await until(() => heard.length === 1, { what: 'the news' });
  expect(heard).toEqual([{ progressJson: '{"done":50}', log: [lineOf(1)] }]);
});

test('a chunk of which no task ever logged does not say that one did', async () => {
  const { rig, chunk, tell } = await open();
  await tell(0, { progressJson: '1', log: [] });
  expect(await rig.job(chunk)).not.toHaveProperty('lg');
});

test('they stay when the task has completed', async () => {
  const { held, tell, read } = await open();
  await tell(0, { progressJson: '100', log: [lineOf(1)] });
  await saveResults(held, { from: 0, lines: ['0,1 1'], completed: 1, since: PUSHED_AT });
  expect(await read(0)).toMatchObject([{ state: 'completed', progress: 100, log: [lineOf(1)] }]);
});

test('they go with a task that leaves', async () => {
  const { held, tell, read } = await open();
  await tell(1, { progressJson: '5', log: [lineOf(1), lineOf(2)] });
  await leave(held, 1, { state: 'delayed' });
  expect(await read(1)).toMatchObject([
    { state: 'delayed', progress: 5, log: [lineOf(1), lineOf(2)] },
  ]);
});

test('what a handler still tells of a task that has left, such as a cancelled one, is nobody’s', async () => {
  const { rig, held, chunk, tell, read, logs } = await open();
  await tell(1, { progressJson: '5', log: [lineOf(1)] });
  await leave(held, 1, { state: 'cancelled' });
  await tell(1, { progressJson: '6', log: [lineOf(2)] });
  expect(await read(1)).toMatchObject([{ state: 'cancelled', progress: 5, log: [lineOf(1)] }]);
  expect(await logs(1)).toBe(1);
  expect(await rig.job(chunk)).not.toHaveProperty('g1');
  // Its neighbours are heard.
  await tell(2, { progressJson: '7' });
  expect(await read(2)).toMatchObject([{ progress: 7 }]);
});

test('whoever lost the lease writes nothing', async () => {
  const { rig, chunk, tell, logs } = await open();
  await tell(1, { progressJson: '5', log: [lineOf(1)] }, 'of another worker');
  expect(await logs(1)).toBe(0);
  expect(await rig.job(chunk)).not.toHaveProperty('g1');
});

test('the sweeper takes them with the chunk, and those of what left with that', async () => {
  const { rig, held, chunk, tell, logs } = await open();
  const { redis, prefix, key } = rig;
  const [seconds] = await redis.time();
  const now = Number(seconds) * 1_000;
  for (const index of [0, 1, 2]) await tell(index, { log: [lineOf(index)] });
  await leave(held, 1, { state: 'failed', at: now });
  const results = { lines: ['0,1 1', '-', '0,1 1'], from: 0, completed: 2, since: now };
  await saveResults(held, results);
  await redis.del(key(`${chunk}:lock`));
  await redis.lrem(key('active'), 1, chunk);
  await redis.hset(key(chunk), { finishedOn: now - 60_000, returnvalue: 'null ' });
  await redis.zadd(key('completed'), now - 60_000, chunk);
  const retention = new Map([['repeater', { completedMs: 1_000, failedMs: 3_600_000 }]]);
  const report = (error: unknown): never => {
    throw error;
  };
  const sweep = () =>
    new RetentionSweeper({ redis, prefix, queue: 'default', retention, report }).sweep();
  await sweep();
  expect(await redis.exists(key(chunk))).toBe(0);
  expect([await logs(0), await logs(1), await logs(2)]).toEqual([0, 1, 0]);
  expect(await rig.counts()).toEqual({ jobs: 0, open: 0, finished: 0, completed: 0 });
  retention.set('repeater', { completedMs: 1_000, failedMs: 1 });
  await until(async () => (await sweep()) === 1, { what: 'what left to be past its time' });
  expect(await redis.exists(key(`${chunk}.1`), key(`${chunk}.1:logs`))).toBe(0);
});
