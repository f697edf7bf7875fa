import type { TaskRecord, Verdict } from '@goflow/shared';
import { RedisServer, until } from '@goflow/testing';
import type { Job } from 'bullmq';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import type { WorkerSettings } from '../build-worker.js';
import { Cancellations } from '../cancellations.js';
import { queueKey } from '../keys.js';
import { Lease } from '../lease.js';
import { readTasks } from '../read-tasks.js';
import { openReplyInbox } from '../reply-inbox.js';
import { RunningTasks } from '../running-tasks.js';
import { type ChunkOptions, ChunkRig, numbered } from './chunk-rig.test-d.js';
import { ChunkSlots, type TakenChunk } from './chunk-slots.js';
import { DONE, FAILED, failure } from './run-rig.test-d.js';

type Work = (index: number) => Verdict | Promise<Verdict>;

const SIZE = 4;

/** A chunk of four that a worker has taken, and the slots in which it is to run. */
async function open(work: Work, given: ChunkOptions = {}, rig = new ChunkRig()) {
  const held = await rig.taken(numbered(SIZE), given);
  const { redis, prefix } = rig;
  const [troubles, settled, lost]: [unknown[], string[], string[]] = [[], [], []];
  const report = (error: unknown): void => void troubles.push(error);
  const cancellations = new Cancellations({ redis, prefix, report });
  onTestFinished(() => cancellations.close());
  const clock = { now: () => Date.now() };
  const settings = { redis, prefix, report, cancellations, clock } as unknown as WorkerSettings;
  const running = new RunningTasks();
  const slots = new ChunkSlots({
    queue: 'default',
    worker: 'w',
    settings,
    running,
    report: async () => undefined,
    signal: new AbortController().signal,
    attempt: async ({ id }) => work(Number(id.split(':')[2])),
    takesNothing: () => false,
    settled: ({ id }, { kind }) => settled.push(`${id.split(':')[2]} ${kind}`),
    leaseLost: ({ id }) => lost.push(id),
  });
  const { opts = '{}', timestamp } = await rig.job(held.chunk);
  const job = {
    id: held.chunk,
    name: 'repeater',
    data: numbered(SIZE),
    attemptsMade: 0,
    attemptsStarted: 1,
    stalledCounter: 0,
    timestamp: Number(timestamp),
    opts: JSON.parse(opts),
  } as unknown as Job;
  const taken: TakenChunk = { job, payloads: job.data, token: held.token, lease: new Lease() };
  const read = () => readTasks(redis, prefix, rig.ids(held.chunk, [0, 1, 2, 3]));
  return { rig, held, slots, job, taken, running, troubles, settled, lost, read };
}

test('a chunk holds a slot from when it is taken until nothing more is to be done in it', async () => {
  const scene = await open(() => {
    expect(scene.running.has(scene.held.chunk)).toBe(true);
    return DONE;
  });
  const { slots, taken, running, held, settled, job } = scene;
  const ended = slots.run(taken);
  expect(running.has(held.chunk)).toBe(true);
  expect(await ended).toBeUndefined();
  expect(running.has(held.chunk)).toBe(false);
  // What was saved last is told with the end of the chunk itself.
  expect(settled).toEqual([]);
  expect(slots.ended(job)).toBe(true);
  expect(settled).toEqual(['0 completed', '1 completed', '2 completed', '3 completed']);
  expect(slots.ended(job)).toBe(false);
});

test('one whose lease was lost before anything was looked at is let go', async () => {
  const { slots, taken, running, held, rig, settled, lost } = await open(() => DONE);
  await rig.redis.del(rig.key(`${held.chunk}:lock`));
  await expect(slots.run(taken)).rejects.toThrow('Missing lock');
  expect([running.has(held.chunk), settled, lost]).toEqual([false, [], []]);
});

test('a wish finds the task that it is for, while its chunk runs', async () => {
  const answers: boolean[] = [];
  const { slots, taken, held, read } = await open((index) => {
    const wish = (at: number) => slots.cancel(`${held.chunk}.${at}`, 'enough');
    if (index === 0) answers.push(wish(0), wish(2), slots.cancel(held.chunk, 'all'));
    return DONE;
  });
  const other = `${'A'.repeat(22)}.2`;
  expect(slots.cancel(other, 'why')).toBe(false);
  await slots.run(taken);
  expect(answers).toEqual([false, true, false]);
  expect((await read()).map((task) => task?.state)).toEqual([
    'completed',
    'completed',
    'cancelled',
    'completed',
  ]);
});

test('a wish that was fulfilled is forgotten', async () => {
  const { slots, taken, held, rig } = await open(() => DONE);
  const key = rig.key('cancelling');
  await rig.redis.hset(key, `${held.chunk}.1`, 'enough', 'another', 'why');
  await slots.run(taken);
  await until(async () => (await rig.redis.hkeys(key)).join() === 'another', { what: 'that' });
});

test('a wish that came while the task was on its way out is fulfilled where it waits', async () => {
  const { slots, taken, held, rig, read } = await open(async (index) => {
    if (index !== 1) return DONE;
    // As if its message was missed.
    await rig.redis.hset(rig.key('cancelling'), `${held.chunk}.1`, 'enough');
    return { kind: 'retry', failure, delayMs: 60_000 };
  });
  await slots.run(taken);
  await until(async () => (await read())[1]?.state === 'cancelled', { what: 'it to be cancelled' });
  expect((await read())[1]?.failure?.message).toContain('enough');
});

test('each outcome is sent to the client that waits, as it would be read', async () => {
  const verdicts: Verdict[] = [
    // It is to be cancelled before it begins.
    DONE,
    FAILED,
    { kind: 'completed', resultJson: '1', isStored: true },
    { kind: 'completed', resultJson: '{"n":1}' },
  ];
  const scene = await open((index) => verdicts[index] as Verdict, { replyTo: 'me' });
  const { slots, taken, rig, job, read, held } = scene;
  await rig.redis.hset(rig.key('cancelling'), `${held.chunk}.0`, 'enough');
  const replies: TaskRecord[] = [];
  const listener = {
    reply: (record: TaskRecord) => void replies.push(record),
    ready: () => undefined,
    gap: () => undefined,
  };
  const { prefix, redis } = rig;
  const { signal } = new AbortController();
  const onError = (error: unknown): never => {
    throw error;
  };
  const inbox = await openReplyInbox(redis, { prefix, name: 'me', listener, onError, signal });
  onTestFinished(() => inbox.close());
  await slots.run(taken);
  slots.ended(job);
  await until(() => replies.length === 4, { what: 'all to be told' });
  const byId = (one: TaskRecord, other: TaskRecord) => one.id.localeCompare(other.id);
  const told = replies
    .toSorted(byId)
    .map(({ failure: { stack: _, ...why } = {}, ...rest }) => ({ ...rest, why }));
  const stored = (await read()).map((record) => {
    const { failure: { stack: _, ...why } = {}, ...rest } = record as TaskRecord;
    return { ...rest, why };
  });
  expect(told).toMatchObject(stored.map((record) => JSON.parse(JSON.stringify(record))));
});

test('when it goes is written down where its push said so, once it is recorded', async () => {
  const retention = { completedMs: 5_000, failedMs: 1 };
  const { slots, taken, held, rig, job } = await open(() => DONE, { retention });
  await slots.run(taken);
  Object.assign(job, { finishedOn: 7_000 });
  slots.ended(job);
  await until(async () => (await rig.redis.zscore(rig.key('retained'), held.chunk)) === '12000', {
    what: 'it to be written down',
  });
});

test('only a chunk is noted as delayed', async () => {
  const { slots, job, held, rig } = await open(() => DONE);
  await slots.noteDelayed({ ...job, opts: {} } as unknown as Job);
  expect(await rig.redis.exists(rig.key('chunks-delayed'))).toBe(0);
  await slots.noteDelayed(job);
  expect(await rig.redis.smembers(rig.key('chunks-delayed'))).toEqual([held.chunk]);
});

/** A Redis whose administrator can take rights away. */
async function openRefusing() {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  const rights = (...words: string[]): Promise<unknown> =>
    admin.call('ACL', 'SETUSER', 'worker', 'on', '>secret', '~*', '&*', '+@all', ...words);
  await rights();
  const redis = new Redis(server.url, { username: 'worker', password: 'secret' });
  onTestFinished(() => redis.disconnect());
  const key = (part: string): string => queueKey('p', 'default', part);
  return { rig: new ChunkRig({ redis, prefix: 'p', key }), rights };
}

test('Redis refuses to let it be looked into: that is tried again, and no stall', async () => {
  const { rig, rights } = await openRefusing();
  const { slots, taken, troubles, read } = await open(() => DONE, {}, rig);
  await rights('-eval', '-evalsha');
  const running = slots.run(taken);
  await until(() => troubles.length > 0, { what: 'the refusal to be told' });
  await rights('+eval', '+evalsha');
  expect(await running).toBeUndefined();
  expect((await read()).map((task) => task?.state)).toEqual(Array(SIZE).fill('completed'));
});

test('Redis refuses to have it noted: that is tried again', async () => {
  const { rig, rights } = await openRefusing();
  const { slots, job, held, troubles } = await open(() => DONE, {}, rig);
  await rights('-sadd');
  const noting = slots.noteDelayed(job);
  await until(() => troubles.length > 0, { what: 'the refusal to be told' });
  await rights('+sadd');
  await noting;
  expect(await rig.redis.smembers(rig.key('chunks-delayed'))).toEqual([held.chunk]);
});
