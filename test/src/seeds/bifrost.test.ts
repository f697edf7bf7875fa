import { createFakeClock, createLocalGoflow } from '@goflow/local';
import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';

// Only local mode: Bifröst queues functions, and a function lives in the process that queued it. Its dispatcher is goflow in one
// process, its job a function or a task, its JobExpiry the retention.
const NONE = { tasks: defineTasks({}), handlers: {} };
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
const DAY = 86_400_000;

/** A dispatcher of functions alone; stopped when the test ends. */
function newDispatcher(workers: number) {
  const dispatcher = createLocalGoflow({ ...NONE, concurrency: workers, grace: '10s' });
  onTestFinished(() => dispatcher.close());
  return dispatcher;
}

/** Never ends, unless it is told to. */
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });

test('Workers: as many jobs at once as it was given, and not one more', async () => {
  const dispatcher = newDispatcher(4);
  const barrier = new Barrier();
  let running = 0;
  let most = 0;
  const trackers = numbers(12).map((n) =>
    dispatcher.run(async () => {
      running += 1;
      most = Math.max(most, running);
      await barrier.pass();
      running -= 1;
      return n;
    }),
  );
  await until(() => barrier.waiting === 4, { what: 'four jobs to run' });
  expect(dispatcher.worker.active).toEqual({ default: 4 });
  barrier.open();
  const results = await Promise.all(trackers.map((tracker) => tracker.done()));
  expect(results).toMatchObject(numbers(12).map((value) => ({ status: 'completed', value })));
  expect(most).toBe(4);
});

test('QueueFunc: a tracker tells of a function before, while and after it runs', async () => {
  const dispatcher = newDispatcher(1);
  const barrier = new Barrier();
  const first = dispatcher.run(() => barrier.pass().then(() => 'first'));
  const second = dispatcher.run(() => 'second');
  await until(() => barrier.waiting === 1, { what: 'the first to run' });
  const running = await first.status();
  expect(running).toMatchObject({ id: first.id, status: 'active', startedAt: expect.any(Date) });
  expect(running).not.toHaveProperty('finishedAt');
  expect(await second.status()).toMatchObject({ status: 'waiting', pushedAt: expect.any(Date) });
  barrier.open();
  expect(await first.done()).toMatchObject({ status: 'completed', value: 'first' });
  expect(await second.done()).toMatchObject({ status: 'completed', value: 'second' });
  expect(await first.status()).toMatchObject({
    status: 'completed',
    startedAt: expect.any(Date),
    finishedAt: expect.any(Date),
  });
  expect(first.id).not.toBe(second.id);
});

test('Queue: a JobRunner is any object with a run method', async () => {
  const dispatcher = newDispatcher(1);
  class Runner {
    readonly #greeting = 'hello from ';
    readonly #name: string;
    constructor(name: string) {
      this.#name = name;
    }
    async run(): Promise<string> {
      return this.#greeting + this.#name;
    }
  }
  const done = await dispatcher.run(new Runner('a runner')).done();
  expect(done).toMatchObject({ status: 'completed', value: 'hello from a runner' });
  for (const work of [undefined, null, 5, 'run', {}, { run: 'no' }])
    expect(() => dispatcher.run(work as never)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
});

test('a job that fails shows its error, and is run once', async () => {
  const dispatcher = newDispatcher(1);
  let runs = 0;
  const tracker = dispatcher.run(() => {
    runs += 1;
    throw new TypeError('Failed');
  });
  const failure = { name: 'TypeError', message: 'Failed' };
  expect(await tracker.done()).toMatchObject({ status: 'failed', failure });
  expect(await tracker.status()).toMatchObject({ status: 'failed', attempts: 1, failure });
  expect(runs).toBe(1);
});

test('JobStatus: by id, for whoever has it; an id that is none is unknown', async () => {
  const dispatcher = newDispatcher(2);
  const good = dispatcher.run(async () => ({ sum: 3 }));
  const bad = dispatcher.run(() => Promise.reject(new Error('Failed')));
  await Promise.all([good.done(), bad.done()]);
  expect(await dispatcher.status(good.id)).toMatchObject({ id: good.id, status: 'completed' });
  expect(await dispatcher.getResult(good.id)).toMatchObject({ value: { sum: 3 } });
  expect(await dispatcher.status(bad.id)).toMatchObject({ failure: { message: 'Failed' } });
  expect(await dispatcher.status('7')).toEqual({ status: 'unknown', id: '7' });
});

test('Jobs: all of them with their states, functions and tasks alike', async () => {
  const tasks = defineTasks({ job: { payload: z.string(), result: z.string(), maxAttempts: 1 } });
  const job = (payload: string): string => {
    if (payload === 'fails') throw new Error('Failed');
    return payload;
  };
  await using dispatcher = createLocalGoflow({ tasks, handlers: { job }, concurrency: 1 });
  const ids = await dispatcher.pushMany('job', ['good', 'fails']);
  await dispatcher.waitAll(ids);
  const barrier = new Barrier();
  const running = dispatcher.run(() => barrier.pass());
  const waiting = dispatcher.run(() => undefined);
  await until(() => barrier.waiting === 1, { what: 'one to run' });
  const jobs = await dispatcher.inspector.list();
  expect(jobs.tasks.map(({ id, type, status }) => [id, type, status])).toEqual([
    [running.id, 'function', 'active'],
    [waiting.id, 'function', 'waiting'],
    [ids[1], 'job', 'failed'],
    [ids[0], 'job', 'completed'],
  ]);
  expect(jobs.next).toBeUndefined();
  barrier.open();
});

test('JobExpiry: jobs that have ended are purged after their time, and no others', async () => {
  const clock = createFakeClock();
  const retention = { completed: '5ms', failed: '50ms' } as const;
  const tasks = defineTasks({
    job: { payload: z.string(), result: z.string(), maxAttempts: 1, retention },
  });
  const job = (payload: string): string => {
    if (payload === 'fails') throw new Error('Failed');
    return payload;
  };
  await using dispatcher = createLocalGoflow({ tasks, handlers: { job }, clock });
  const tracker = dispatcher.run(() => 'kept for a day, as everything is unless told otherwise');
  const brief = dispatcher.run(() => 'brief', { retention: { completed: '5ms' } });
  await dispatcher.pushMany('job', ['good', 'fails']);
  const later = await dispatcher.push('job', 'later', { delay: '2d' });
  const states = async () => (await dispatcher.inspector.list()).tasks.map(({ status }) => status);
  await clock.advance(0);
  expect(await states()).toEqual(['delayed', 'failed', 'completed', 'completed', 'completed']);
  await clock.advance(6);
  expect(await brief.status()).toEqual({ status: 'unknown', id: brief.id });
  expect(await states()).toEqual(['delayed', 'failed', 'completed']);
  await clock.advance(45);
  expect(await states()).toEqual(['delayed', 'completed']);
  await clock.advance(DAY);
  expect(await states()).toEqual(['delayed']);
  expect(await tracker.status()).toEqual({ status: 'unknown', id: tracker.id });
  // Not only out of sight: a count is of what is there.
  expect(await dispatcher.counts()).toMatchObject({ delayed: 1, completed: 0, failed: 0 });
  expect(await dispatcher.status(later)).toMatchObject({ status: 'delayed' });
});

test('Stop waits for the jobs that run', async () => {
  const dispatcher = newDispatcher(2);
  const barrier = new Barrier();
  const trackers = numbers(2).map((n) =>
    dispatcher.run((signal) => barrier.pass().then(() => [n, signal.aborted])),
  );
  const done = Promise.all(trackers.map((tracker) => tracker.done()));
  await until(() => barrier.waiting === 2, { what: 'both to run' });
  const waiting = dispatcher.run(() => 'never begun');
  let isStopped = false;
  const stopped = dispatcher.stop().then((left) => {
    isStopped = true;
    return left;
  });
  await until(() => dispatcher.worker.state === 'stopping', { what: 'it to stop' });
  barrier.letGo(1);
  await until(() => dispatcher.worker.active.default === 1, { what: 'one to end' });
  expect(isStopped).toBe(false);
  barrier.open();
  expect(await stopped).toMatchObject([{ id: waiting.id, status: 'waiting' }]);
  expect(await done).toMatchObject([{ value: [0, false] }, { value: [1, false] }]);
  expect(() => dispatcher.run(() => 1)).toThrow(expect.objectContaining({ code: 'CLIENT_CLOSED' }));
});

test('lost jobs, which Bifröst lacks: what was not begun is reported when it stops', async () => {
  const tasks = defineTasks({ job: { payload: z.string(), result: z.string() } });
  const ran: string[] = [];
  const job = (payload: string): string => {
    ran.push(payload);
    return payload;
  };
  const dispatcher = createLocalGoflow({ tasks, handlers: { job }, concurrency: 1 });
  const barrier = new Barrier();
  dispatcher.run(() => barrier.pass());
  const waiting = await dispatcher.push('job', 'a');
  const delayed = await dispatcher.push('job', 'b', { delay: '1h' });
  const { id } = dispatcher.run(() => ran.push('function'));
  await until(() => barrier.waiting === 1, { what: 'one to run' });
  const stopped = dispatcher.stop();
  barrier.open();
  const left = await stopped;
  expect(left).toHaveLength(3);
  expect(left).toEqual(
    expect.arrayContaining([
      { id: waiting, type: 'job', status: 'waiting', payload: 'a' },
      { id: delayed, type: 'job', status: 'delayed', payload: 'b' },
      { id, type: 'function', status: 'waiting', payload: null },
    ]),
  );
  expect(ran).toEqual([]);
});

test('lost jobs: or it is run first, where the caller wants that', async () => {
  const dispatcher = newDispatcher(3);
  const barrier = new Barrier();
  const ran: number[] = [];
  for (const n of numbers(20)) dispatcher.run(() => barrier.pass().then(() => ran.push(n)));
  await until(() => barrier.waiting === 3, { what: 'three to run' });
  const stopped = dispatcher.stop({ waiting: 'run' });
  barrier.open();
  expect(await stopped).toEqual([]);
  expect([...ran].sort((a, b) => a - b)).toEqual(numbers(20));
});

test('lost jobs: one that is queued while it stops is run, reported or refused, never forgotten', async () => {
  const tasks = defineTasks({ job: { payload: z.number(), result: z.number() } });
  const dispatcher = createLocalGoflow({
    tasks,
    handlers: { job: (payload) => payload },
    concurrency: 0,
  });
  const accepted = new Set<string>(await dispatcher.pushMany('job', numbers(50)));
  const stopped = dispatcher.stop();
  const refusal = await (async () => {
    for (;;) accepted.add(await dispatcher.push('job', 1));
  })().catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 'CLIENT_CLOSED' });
  const left = (await stopped).map(({ id }) => id as string);
  expect(new Set(left)).toEqual(accepted);
});

test('lost jobs: those that nobody takes are reported, not waited for', async () => {
  const tasks = defineTasks({
    job: { payload: z.number(), result: z.number() },
    mail: { payload: z.number(), result: z.number(), queue: 'mails' },
  });
  const handlers = { job: (payload: number) => payload, mail: (payload: number) => payload };
  const concurrency = { default: 1, mails: 0 };
  const dispatcher = createLocalGoflow({ tasks, handlers, concurrency });
  const id = await dispatcher.push('mail', 1);
  await dispatcher.push('job', 1);
  expect(await dispatcher.stop({ waiting: 'run' })).toMatchObject([{ id, status: 'waiting' }]);
});

test('errant jobs, which Bifröst lacks: one that takes too long is cancelled, and its worker is free', async () => {
  const dispatcher = newDispatcher(1);
  const reasons: unknown[] = [];
  const errant = dispatcher.run(async (signal) => {
    signal.addEventListener('abort', () => reasons.push(signal.reason));
    await untilAborted(signal);
  });
  const next = dispatcher.run(() => 'next');
  await until(async () => (await errant.status()).status === 'active', { what: 'it to run' });
  const cancelled = await dispatcher.cancel(errant.id, { reason: 'takes too long' });
  expect(cancelled).toEqual({ found: 'active', effect: 'requested' });
  expect(await errant.done()).toMatchObject({
    status: 'cancelled',
    failure: { code: 'TASK_CANCELLED', message: expect.stringContaining('takes too long') },
  });
  expect(reasons).toMatchObject([{ code: 'TASK_CANCELLED' }]);
  expect(await next.done()).toMatchObject({ value: 'next' });
});

test('errant jobs: one that is deaf to its signal loses its worker all the same; one that waits is never begun', async () => {
  const dispatcher = newDispatcher(1);
  const barrier = new Barrier();
  let isBegun = false;
  const deaf = dispatcher.run(() => barrier.pass());
  const waiting = dispatcher.run(() => {
    isBegun = true;
  });
  await until(() => barrier.waiting === 1, { what: 'it to run' });
  expect(await dispatcher.cancel(waiting.id)).toEqual({ found: 'waiting', effect: 'cancelled' });
  await dispatcher.cancel(deaf.id);
  expect(await dispatcher.run(() => 'next').done()).toMatchObject({ value: 'next' });
  barrier.open();
  expect(await deaf.status()).toMatchObject({ status: 'cancelled' });
  expect(await waiting.status()).toMatchObject({ status: 'cancelled', attempts: 0 });
  expect(isBegun).toBe(false);
});
