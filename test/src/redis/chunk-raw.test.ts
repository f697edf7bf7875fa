import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { type Job, Queue, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { newPlace, type Place } from '../support/redis.js';
import { makeWorker, openClient } from '../support/system.js';

const tasks = defineTasks({
  step: { payload: z.unknown(), result: z.unknown(), maxAttempts: 2, backoff: '1h' },
});
const NAME = '{default}';

const step = (payload: unknown): unknown => {
  if (payload === 'fails') throw new Error('no');
  return payload;
};

/** The queue as a program sees it that knows BullMQ only. */
function openRaw({ redis, prefix }: Place) {
  const connection = new Redis(redis, { maxRetriesPerRequest: null });
  const queue = new Queue(NAME, { connection, prefix });
  onTestFinished(async () => {
    await queue.close();
    connection.disconnect();
  });
  return { queue, options: { connection, prefix } };
}

/** A worker that knows BullMQ only, and what it was given. */
async function startRawWorker(place: Place, run = async (_job: Job): Promise<unknown> => 'raw') {
  const { options } = openRaw(place);
  const given: unknown[] = [];
  const process = async (job: Job): Promise<unknown> => {
    given.push(job.data);
    return run(job);
  };
  const worker = new Worker(NAME, process, options);
  onTestFinished(() => worker.close(true));
  await worker.waitUntilReady();
  return { worker, given };
}

const chunkIn = (id = ''): string => id.split(':')[1] ?? '';

test('a raw worker takes a chunk for one job with an array: then nothing more is to be known of its tasks', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const ids = await goflow.pushMany('step', ['a', { b: 1 }, 'c\n'], { chunk: 3 });
  const { given } = await startRawWorker(place);
  const { queue } = openRaw(place);
  await until(async () => (await queue.getCompletedCount()) === 1, { what: 'it to complete' });
  expect(given).toEqual([['a', { b: 1 }, 'c\n']]);
  const job = await queue.getJob(chunkIn(ids[0]));
  expect(job).toMatchObject({ name: 'step', returnvalue: 'raw' });
  for (const id of ids) {
    expect(await goflow.getResult(id)).toEqual({ status: 'unknown', id });
    expect(await goflow.cancel(id)).toEqual({ found: 'unknown', effect: 'none' });
    await expect(goflow.wait(id, { timeout: '5s' })).rejects.toMatchObject({
      code: 'TASK_UNKNOWN',
    });
  }
});

test('a raw worker fails it: so did all its tasks', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const ids = await goflow.pushMany('step', ['a', 'b'], { chunk: 2, maxAttempts: 1 });
  await startRawWorker(place, async () => {
    throw new TypeError('a raw reason');
  });
  const results = await goflow.waitAll(ids, { timeout: '10s' });
  expect(results).toMatchObject(
    ids.map((id) => ({ id, status: 'failed', failure: { message: 'a raw reason' } })),
  );
});

test('a raw worker gives it back: goflow goes on with it, each task once', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const ids = await goflow.pushMany('step', ['a', 'b', 'c'], {
    chunk: 3,
    maxAttempts: 3,
    backoff: '1h',
  });
  const { worker, given } = await startRawWorker(place, async () => {
    throw new Error('not mine');
  });
  await until(() => given.length === 1, { what: 'it to be tried' });
  await worker.close();
  const { queue } = openRaw(place);
  const job = await queue.getJob(chunkIn(ids[0]));
  await until(async () => (await job?.getState()) === 'delayed', { what: 'it to be put back' });
  await job?.promote();
  const ran: unknown[] = [];
  const goflowWorker = makeWorker(
    { tasks, handlers: { step: (payload) => void ran.push(payload) } },
    place,
  );
  await goflowWorker.start();
  const results = await goflow.waitAll(ids, { timeout: '10s' });
  expect(results).toMatchObject(ids.map(() => ({ status: 'completed' })));
  expect(ran).toEqual(['a', 'b', 'c']);
});

test.each([
  ['1', { c: 2 }, ['a', 'b']],
  ['A'.repeat(22), { c: 3 }, ['a', 'b']],
  ['A'.repeat(22), { c: 'x' }, { a: 1 }],
  ['A'.repeat(22), { c: 2 }, { length: 2 }],
] as const)('a raw job %s with %j in its options is a plain task', async (jobId, opts, payload) => {
  const place = newPlace();
  const { queue } = openRaw(place);
  const ran: unknown[] = [];
  const handlers = { step: (given: unknown) => void ran.push(given) };
  await makeWorker({ tasks, handlers }, place).start();
  // BullMQ makes an id of its own where it is given none.
  const own = jobId === '1' ? {} : { jobId };
  const job = await queue.add('step', payload, { ...opts, ...own } as object);
  await until(async () => (await job.getState()) === 'completed', { what: 'it to complete' });
  expect(ran).toEqual([payload]);
  expect(await openClient(tasks, place).counts()).toMatchObject({ completed: 1, waiting: 0 });
});

test('raw jobs and chunks run side by side', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const { queue } = openRaw(place);
  const [ids, jobs] = [[] as string[], [] as Job[]];
  for (let round = 0; round < 5; round += 1) {
    ids.push(...(await goflow.pushMany('step', [`${round}a`, `${round}b`], { chunk: 2 })));
    jobs.push(await queue.add('step', `raw ${round}`, { jobId: `B${round}`.padEnd(22, 'b') }));
  }
  const ran: unknown[] = [];
  const handlers = { step: (payload: unknown) => void ran.push(payload) };
  await makeWorker({ tasks, handlers, concurrency: 3 }, place).start();
  await goflow.waitAll(ids, { timeout: '10s' });
  for (const job of jobs)
    await until(async () => (await job.getState()) === 'completed', { what: `${job.id} to run` });
  expect(ran.toSorted()).toEqual(
    [0, 1, 2, 3, 4].flatMap((round) => [`${round}a`, `${round}b`, `raw ${round}`]).toSorted(),
  );
  expect(await goflow.counts()).toMatchObject({ completed: 15, waiting: 0, active: 0 });
});

/** A chunk that ended: the first of its tasks completed, the second waits for its next try, the third is cancelled, the last failed. */
async function openEnded() {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const { queue, options } = openRaw(place);
  const events = new QueueEvents(NAME, options);
  onTestFinished(() => events.close());
  const [errors, heard]: [unknown[], string[]] = [[], []];
  events.on('error', (error) => errors.push(error));
  for (const name of ['added', 'waiting', 'active', 'completed', 'failed', 'delayed'] as const)
    events.on(name, ({ jobId }: { readonly jobId: string }) => heard.push(`${name} ${jobId}`));
  await events.waitUntilReady();
  const ids = await goflow.pushMany('step', ['a', 'fails', 'c', 'fails'], { chunk: 4 });
  await goflow.cancel(ids[2] ?? '');
  const worker = makeWorker({ tasks, handlers: { step } }, place);
  await worker.start();
  await until(async () => (await goflow.counts()).delayed === 2, { what: 'two to wait' });
  const unique = (index: number): string => `${chunkIn(ids[0])}.${index}`;
  await (await queue.getJob(unique(3)))?.promote();
  await until(async () => (await goflow.counts()).failed === 1, { what: 'one to fail' });
  return { place, goflow, queue, worker, ids, unique, errors, heard };
}

test('what lists, counts and looks at jobs does so with tasks that left their chunk', async () => {
  const { queue, unique, ids } = await openEnded();
  const states = ['completed', 'failed', 'delayed', 'wait', 'active', 'prioritized'] as const;
  const jobs = await queue.getJobs([...states]);
  const named = jobs.map((job) => [job.id, job.name, job.data]);
  expect(named.toSorted()).toEqual(
    [
      [chunkIn(ids[0]), 'step', ['a', 'fails', 'c', 'fails']],
      [unique(1), 'step', 'fails'],
      [unique(3), 'step', 'fails'],
    ].toSorted(),
  );
  expect(await queue.getJobCounts()).toMatchObject({ completed: 1, failed: 1, delayed: 1 });
  const failed = await queue.getJob(unique(3));
  expect(failed).toMatchObject({ failedReason: 'no', attemptsMade: 2 });
  expect(failed?.stacktrace?.at(-1)).toContain('Error: no');
  expect(await failed?.getState()).toBe('failed');
  expect(await queue.getJobLogs(unique(1))).toMatchObject({ count: 0 });
});

test('what listens to events does not choke on them', async () => {
  const { errors, heard, unique, ids } = await openEnded();
  await until(() => heard.includes(`failed ${unique(3)}`), { what: 'the last event' });
  expect(heard).toContain(`completed ${chunkIn(ids[0])}`);
  expect(errors).toEqual([]);
});

test('what retries, promotes and removes jobs does so with them', async () => {
  const { place, goflow, queue, worker, ids, unique } = await openEnded();
  await (await queue.getJob(unique(1)))?.promote();
  await until(async () => (await goflow.counts()).failed === 2, { what: 'it to fail, too' });
  await worker.stop();
  await (await queue.getJob(unique(3)))?.remove();
  expect(await goflow.getResult(ids[3] ?? '')).toEqual({ status: 'unknown', id: ids[3] });
  await (await queue.getJob(unique(1)))?.retry('failed');
  await makeWorker(
    { tasks, handlers: { step: (payload) => `${payload}, not now` } },
    place,
  ).start();
  expect(await goflow.wait(ids[1] ?? '')).toBe('fails, not now');
  expect(await goflow.getResult(ids[0] ?? '')).toMatchObject({ status: 'completed', value: 'a' });
  expect(await goflow.getResult(ids[2] ?? '')).toMatchObject({ status: 'cancelled' });
  expect(await goflow.counts()).toMatchObject({ completed: 2, failed: 0, cancelled: 1 });
});
