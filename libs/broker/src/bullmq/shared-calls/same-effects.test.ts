import type { TaskEnvelope } from '@goflow/shared';
import type { Job, JobJson } from 'bullmq';
import { expect, test } from 'vitest';
import { toJob } from '../job-codec.js';
import { envelopeOf, uniqueIn } from '../place.test-d.js';
import type { FinishArgs } from './shared-finish.js';
import { openTwoQueues, type TestQueue } from './two-queues.test-d.js';

const AT = 1_800_000_000_123;

/** One of each kind that shares calls. */
const PUSHES: readonly Partial<TaskEnvelope>[] = [
  {},
  { payloadJson: '{"text":"äöü € \\u0000 \\" 🎉","n":0.1,"none":null,"list":[]}' },
  { replyTo: 'client', maxAttempts: 3, timeoutMs: 1_500, tags: ['eu', 'ß'] },
  { backoff: { type: 'exponential', delayMs: 1_000, jitter: 0.25, maxDelayMs: 3_600_000 } },
  { startBy: AT + 1, deadline: AT + 2, retention: { completedMs: 1, failedMs: 86_400_000 } },
  { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
  { deduplication: { key: 'k', mode: 'unique', windowMs: 0 } },
  { deduplication: { key: 'k', mode: 'unique', windowMs: 0 } },
  { deduplication: { key: 'throttled', mode: 'throttle', windowMs: 60_000 } },
  { payloadJson: JSON.stringify('x'.repeat(10_000)) },
];
/** These share none, and so are not in line with the others of their turn. */
const OTHERS: readonly Partial<TaskEnvelope>[] = [{ delayMs: 60_000 }, { priority: 7 }];

const jobsOf = (pushes: readonly Partial<TaskEnvelope>[]): readonly JobJson[] =>
  pushes.map((given) => {
    const envelope = envelopeOf({ pushedAt: AT, ...given });
    return toJob(envelope, uniqueIn(envelope.id));
  });

const addAll = ({ producer }: TestQueue, jobs: readonly JobJson[]) =>
  Promise.all(jobs.map((job) => producer.addJob(job, job.id)));

test('what is stored of a push is what BullMQ stores, to the last field and event', async () => {
  const { own, shared, troubles } = await openTwoQueues();
  const jobs = jobsOf(PUSHES);
  // The last is there already.
  for (const all of [[...jobs, jobs[0] as JobJson], jobsOf(OTHERS)])
    expect(await addAll(shared, all)).toEqual(await addAll(own, all));
  const stored = await shared.dump();
  expect(stored).toEqual(await own.dump());
  expect(Object.keys(stored)).toEqual(
    expect.arrayContaining(['wait', 'delayed', 'prioritized', 'events', 'meta', 'id', 'marker']),
  );
  expect(troubles).toEqual([]);
});

test('a push that goes wrong in Redis leaves those beside it alone', async () => {
  const { shared, troubles } = await openTwoQueues();
  const jobs = jobsOf([{}, { deduplication: { key: 'k', mode: 'unique', windowMs: 0 } }, {}]);
  await shared.redis.lpush(shared.key('de:repeater:k'), 'no string');
  const answers = await Promise.allSettled(jobs.map((job) => shared.producer.addJob(job, job.id)));
  expect(answers).toEqual([
    { status: 'fulfilled', value: jobs[0]?.id },
    { status: 'rejected', reason: expect.objectContaining({ name: 'ReplyError' }) },
    { status: 'fulfilled', value: jobs[2]?.id },
  ]);
  expect(await shared.redis.lrange(shared.key('wait'), 0, -1)).toEqual([jobs[2]?.id, jobs[0]?.id]);
  expect(troubles).toEqual([]);
});

interface Finishing {
  readonly moveToFinishedArgs: (...args: FinishArgs) => unknown[];
}

/** Ends jobs that were taken, all in one turn. */
function finishAll({ worker }: TestQueue, ends: readonly End[]) {
  const { moveToFinishedArgs } = worker as unknown as Finishing;
  return Promise.allSettled(
    ends.map(({ id, value = `"of ${id}"`, fetchNext = true, token = id }) => {
      const job = { id, opts: {}, attemptsMade: 0 } as unknown as Job;
      const what = [job, value, 'returnvalue', { count: -1 }, 'completed', token] as const;
      const args = moveToFinishedArgs.call(worker, ...what, AT + 5, fetchNext);
      return worker.moveToFinished(id, args as never);
    }),
  );
}

interface End {
  readonly id: string;
  readonly value?: string;
  readonly fetchNext?: boolean;
  readonly token?: string;
}

/** Adds jobs and takes the first ones, each with its id as the token. Times of taking are set to be the same everywhere. */
async function take(queue: TestQueue, jobs: readonly JobJson[], count: number) {
  await addAll(queue, jobs);
  for (const { id } of jobs.slice(0, count)) {
    const [taken] = await queue.worker.moveToActive(id, 'the worker');
    expect(taken).toMatchObject({ data: expect.any(String) });
    await queue.redis.hset(queue.key(id), 'processedOn', AT + 1);
  }
}

test('what is stored of a completion, and what comes with it, is what BullMQ’s own call does', async () => {
  const { own, shared, troubles } = await openTwoQueues();
  const jobs = jobsOf([
    {},
    { deduplication: { key: 'k', mode: 'unique', windowMs: 0 } },
    { maxAttempts: 2 },
    ...[{}, {}, {}, {}, {}],
  ]);
  const ids = jobs.map(({ id }) => id);
  const ends: End[] = [
    { id: ids[0] ?? '' },
    { id: ids[1] ?? '', value: 'null ' },
    { id: ids[2] ?? '', fetchNext: false },
    // Another worker has it, nobody has it, it does not exist.
    { id: ids[3] ?? '', token: 'another' },
    { id: ids[6] ?? '' },
    { id: 'A'.repeat(22) },
    { id: ids[4] ?? '', value: '{"ä":"€"}' },
  ];
  const answers = [];
  for (const queue of [own, shared]) {
    await take(queue, jobs, 5);
    answers.push(await finishAll(queue, ends));
  }
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[1]?.map(({ status }) => status)).toEqual([
    ...['fulfilled', 'fulfilled', 'fulfilled'],
    ...['rejected', 'rejected', 'rejected', 'fulfilled'],
  ]);
  expect(await shared.dump()).toEqual(await own.dump());
  expect(troubles).toEqual([]);
});

test('the last completions empty the queue as BullMQ’s own do', async () => {
  const { own, shared } = await openTwoQueues();
  const jobs = jobsOf([{}, {}]);
  const later = jobsOf([{ delayMs: 60_000 }]);
  const ends = jobs.map(({ id }) => ({ id }));
  const answers = [];
  for (const queue of [own, shared]) {
    await take(queue, jobs, 2);
    await addAll(queue, later);
    answers.push(await finishAll(queue, ends));
  }
  expect(answers[1]).toEqual(answers[0]);
  expect(await shared.dump()).toEqual(await own.dump());
});

test('replies go with the call that records, those of what could not be recorded do not', async () => {
  const told: string[] = [];
  const { shared } = await openTwoQueues(({ id = '' }) => ({
    channel: `${shared.key('')}reply`,
    message: JSON.stringify({ id }),
    told: () => told.push(id),
  }));
  const heard: string[] = [];
  const subscriber = shared.redis.duplicate();
  await subscriber.subscribe(`${shared.key('')}reply`);
  subscriber.on('message', (_channel, message) => heard.push(message));
  const jobs = jobsOf([{}, {}, {}, {}]);
  const ids = jobs.map(({ id }) => id);
  await take(shared, jobs, 4);
  await finishAll(shared, [{ id: ids[0] ?? '' }]);
  await finishAll(shared, [
    { id: ids[1] ?? '' },
    { id: ids[2] ?? '', token: 'another' },
    { id: ids[3] ?? '' },
  ]);
  await subscriber.unsubscribe();
  subscriber.disconnect();
  expect(heard.map((message) => JSON.parse(message) as unknown)).toEqual([
    { id: ids[0] },
    [{ id: ids[1] }, { id: ids[3] }],
  ]);
  expect(told).toEqual([ids[0], ids[1], ids[3]]);
});
