import { defineTasks, isGoflowError, TaskFailedError } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { defineHandlers, NonRetryableError, RetryLaterError } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { newPlace } from '../support/redis.js';
import { makeWorker, openClient, startSystem } from '../support/system.js';

const tasks = defineTasks({
  repeater: { payload: z.string(), result: z.string() },
  'image.resize': {
    payload: z.object({ width: z.coerce.number().int().default(640) }),
    result: z.object({ key: z.string() }),
    queue: 'images',
  },
  flaky: { payload: z.object({ failures: z.number() }), result: z.number(), backoff: 1 },
});

const handlers = defineHandlers(tasks, {
  repeater: async (payload) => payload,
  'image.resize': async ({ width }, ctx) => ({ key: `${ctx.id}/${width}` }),
  flaky: async ({ failures }, ctx) => {
    if (ctx.attempt <= failures) throw new Error(`attempt ${ctx.attempt}`);
    return ctx.attempt;
  },
});

test('push, wait and getResult: the main job', async () => {
  const { goflow } = await startSystem({ tasks, handlers });
  const id = await goflow.push('repeater', 'hello');
  expect(await goflow.wait(id)).toBe('hello');
  const result = await goflow.getResult(id);
  expect(result).toMatchObject({
    status: 'completed',
    value: 'hello',
    type: 'repeater',
    attempts: 1,
    id,
  });
  expect(result.status === 'completed' && result.finishedAt).toBeInstanceOf(Date);
  expect(await goflow.status(id)).toMatchObject({ status: 'completed', type: 'repeater' });
});

test('the producer sends the input of the schema, the handler gets its output, in the queue of the contract', async () => {
  const { goflow } = await startSystem({ tasks, handlers });
  const id = await goflow.push('image.resize', { width: '320' as unknown as number });
  expect(id).toMatch(/^images:[\w-]{22}$/);
  expect(await goflow.wait(id)).toEqual({ key: `${id}/320` });
  const byDefault = await goflow.push('image.resize', {});
  expect(await goflow.wait(byDefault)).toEqual({ key: `${byDefault}/640` });
});

test('pushMany keeps the order of the payloads', async () => {
  const { goflow } = await startSystem({ tasks, handlers, concurrency: 50 });
  const payloads = Array.from({ length: 2_500 }, (_, index) => `payload ${index}`);
  const ids = await goflow.pushMany('repeater', payloads);
  expect(new Set(ids).size).toBe(payloads.length);
  expect(await Promise.all(ids.map((id) => goflow.wait(id)))).toEqual(payloads);
});

test('an open task is a status, not an exception: waiting, delayed, active', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const waiting = await goflow.push('repeater', 'a');
  const delayed = await goflow.push('repeater', 'b', { delay: '1h' });
  expect(await goflow.getResult(waiting)).toMatchObject({ status: 'waiting', attempts: 0 });
  expect(await goflow.getResult(delayed)).toMatchObject({ status: 'delayed', attempts: 0 });
  expect(await goflow.counts()).toEqual({
    waiting: 1,
    delayed: 1,
    active: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    expired: 0,
  });
  let release = (): void => undefined;
  const started = new Promise<void>((running) => {
    const blocking = defineHandlers(tasks, {
      repeater: (payload) => {
        running();
        return new Promise((resolve) => {
          release = () => resolve(payload);
        });
      },
      'image.resize': () => ({ key: '' }),
      flaky: () => 0,
    });
    void makeWorker({ tasks, handlers: blocking }, place).start();
  });
  await started;
  expect(await goflow.getResult(waiting)).toMatchObject({ status: 'active' });
  release();
  expect(await goflow.wait(waiting)).toBe('a');
});

test('every id has an answer: empty, foreign, malformed, 10 kB long, never pushed', async () => {
  const goflow = openClient(tasks, newPlace());
  const ids = [
    '',
    'x',
    ':',
    'default:',
    '{}:x',
    'default:wait',
    'x'.repeat(10_000),
    `default:${'A'.repeat(22)}`,
  ];
  for (const id of ids) {
    expect(await goflow.getResult(id)).toEqual({ status: 'unknown', id });
    expect(await goflow.status(id)).toEqual({ status: 'unknown', id });
    await expect(goflow.wait(id)).rejects.toMatchObject({ code: 'TASK_UNKNOWN' });
  }
  await expect(goflow.getResult(null as unknown as string)).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  });
});

test('a failed attempt is tried again after its backoff, up to maxAttempts', async () => {
  const { goflow } = await startSystem({ tasks, handlers });
  expect(await goflow.wait(await goflow.push('flaky', { failures: 2 }))).toBe(3);
  const id = await goflow.push('flaky', { failures: 9 });
  const error = await goflow.wait(id).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TaskFailedError);
  expect(error).toMatchObject({
    code: 'TASK_FAILED',
    attempts: 3,
    failure: { message: 'attempt 3' },
  });
  expect(await goflow.getResult(id)).toMatchObject({
    status: 'failed',
    attempts: 3,
    failure: { name: 'Error' },
  });
});

test('a push decides maxAttempts and backoff over the contract', async () => {
  const { goflow } = await startSystem({ tasks, handlers });
  const once = await goflow.push('flaky', { failures: 9 }, { maxAttempts: 1 });
  await expect(goflow.wait(once)).rejects.toMatchObject({ attempts: 1 });
  const five = await goflow.push(
    'flaky',
    { failures: 4 },
    { maxAttempts: 5, backoff: { type: 'fixed', delay: 2 } },
  );
  expect(await goflow.wait(five)).toBe(5);
});

test('RetryLaterError waits its own delay; NonRetryableError fails at once; both keep their words', async () => {
  const own = defineTasks({
    later: { payload: z.null(), result: z.number() },
    never: { payload: z.null(), result: z.number(), maxAttempts: 10 },
  });
  const { goflow } = await startSystem({
    tasks: own,
    handlers: defineHandlers(own, {
      later: (_payload, ctx) => {
        if (ctx.attempt === 1) throw new RetryLaterError('rate limited', { delay: '5ms' });
        return ctx.attempt;
      },
      never: () => {
        throw new NonRetryableError('card expired', {
          details: { card: 'visa' },
          cause: new RangeError('why'),
        });
      },
    }),
  });
  expect(await goflow.wait(await goflow.push('later', null))).toBe(2);
  const id = await goflow.push('never', null);
  const error = await goflow.wait(id).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    attempts: 1,
    failure: {
      name: 'NonRetryableError',
      code: 'NON_RETRYABLE',
      message: 'card expired',
      details: { card: 'visa' },
      cause: { name: 'RangeError', message: 'why' },
    },
  });
  expect(error instanceof TaskFailedError && error.failure.stack).toContain('main-job.test');
});

test('a lower priority number is taken first, and what has none before all', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  for (const [payload, priority] of [
    ['c', 20],
    ['b', 10],
    ['a', 0],
  ] as const)
    await goflow.push('repeater', payload, { priority });
  const order: string[] = [];
  const worker = makeWorker({ tasks, handlers, concurrency: 1 }, place);
  worker.on('task:started', ({ task }) => order.push(String(task.payload)));
  await worker.start();
  await until(() => order.length === 3, { what: 'three tasks have started' });
  expect(order).toEqual(['a', 'b', 'c']);
});

test('an attempt that runs too long times out, its signal aborts, its slot is free, and it is tried again', async () => {
  const own = defineTasks({
    slow: { payload: z.string(), result: z.number(), timeout: '40ms', maxAttempts: 2, backoff: 1 },
  });
  const aborted: unknown[] = [];
  const { goflow, worker } = await startSystem({
    tasks: own,
    concurrency: 1,
    handlers: defineHandlers(own, {
      slow: (payload, ctx) => {
        ctx.signal.addEventListener('abort', () => aborted.push(ctx.signal.reason));
        return payload === 'never' ? new Promise<number>(() => undefined) : 1;
      },
    }),
  });
  const abandoned: string[] = [];
  worker.on('task:abandoned', ({ task }) => abandoned.push(task.id));
  const id = await goflow.push('slow', 'never');
  await expect(goflow.wait(id)).rejects.toMatchObject({
    attempts: 2,
    failure: { code: 'TASK_TIMEOUT' },
  });
  expect(aborted).toHaveLength(2);
  expect(aborted.every((reason) => isGoflowError(reason, 'TASK_TIMEOUT'))).toBe(true);
  await until(() => abandoned.length >= 2, { what: 'both attempts to be told as abandoned' });
  expect(abandoned).toEqual([id, id]);
  expect(await goflow.wait(await goflow.push('slow', 'at once'))).toBe(1);
});

test('past its retention a result is unknown, to the millisecond and by type', async () => {
  const own = defineTasks({
    brief: { payload: z.null(), result: z.null(), retention: { completed: '60ms' } },
    lasting: { payload: z.null(), result: z.null() },
  });
  const { goflow } = await startSystem({
    tasks: own,
    handlers: defineHandlers(own, { brief: () => null, lasting: () => null }),
  });
  const [brief, lasting] = [await goflow.push('brief', null), await goflow.push('lasting', null)];
  await Promise.all([goflow.wait(brief), goflow.wait(lasting)]);
  await until(async () => (await goflow.getResult(brief)).status === 'unknown', {
    what: 'the retention is over',
  });
  expect(await goflow.getResult(lasting)).toMatchObject({ status: 'completed' });
});

test('a type without a handler here is handed back, no attempt spent, and runs where it has one', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const { HandlerRegistry } = await import('@goflow/worker');
  const partial = makeWorker(
    { tasks, handlers: new HandlerRegistry(tasks).add('flaky', () => 0) },
    place,
  );
  const handedBack = new Promise((resolve) => {
    partial.on('task:finished', ({ verdict }) => resolve(verdict));
  });
  await partial.start();
  const id = await goflow.push('repeater', 'for somebody else');
  expect(await handedBack).toMatchObject({ kind: 'handed-back', reason: 'handler-missing' });
  await until(async () => (await goflow.status(id)).status === 'delayed', {
    what: 'the task is back',
  });
  expect(await goflow.status(id)).toMatchObject({ attempts: 0 });
  await makeWorker({ tasks, handlers }, place).start();
  expect(await goflow.wait(id)).toBe('for somebody else');
  expect(await goflow.getResult(id)).toMatchObject({ attempts: 1 });
});

test('a handler added while the worker runs brings its queue with it', async () => {
  const { HandlerRegistry } = await import('@goflow/worker');
  const registry = new HandlerRegistry(tasks).add('repeater', (payload) => payload);
  const { goflow } = await startSystem({ tasks, handlers: registry });
  const id = await goflow.push('image.resize', { width: 1 });
  registry.add('image.resize', () => ({ key: 'added later' }));
  expect(await goflow.wait(id)).toEqual({ key: 'added later' });
});

test('middleware is around every handler, the first outermost', async () => {
  const seen: string[] = [];
  const { goflow } = await startSystem({
    tasks,
    handlers,
    middleware: [
      async function outer(_payload, ctx, next) {
        seen.push(`outer ${ctx.type}`);
        return `${String(await next())}!`;
      },
      async function inner(payload, _ctx, next) {
        seen.push(`inner ${String(payload)}`);
        return next();
      },
    ],
  });
  expect(await goflow.wait(await goflow.push('repeater', 'hi'))).toBe('hi!');
  expect(seen).toEqual(['outer repeater', 'inner hi']);
});
