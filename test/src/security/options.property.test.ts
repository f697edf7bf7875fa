import { createLocalGoflow } from '@goflow/local';
import { createGoflow, defineTasks, isGoflowError } from '@goflow/sdk';
import { createWorker, defineHandlers } from '@goflow/worker';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

// Garbage for every door: it works, or is refused with an error of goflow's that has a code. Never a TypeError, never a hang.
// A failing case prints its seed: put it in here to run it again.
const RUNS = { seed: 5, numRuns: 300 };

const tasks = defineTasks({ echo: { payload: z.any(), result: z.any() } });
const handlers = defineHandlers(tasks, { echo: (payload) => payload });
const redis = 'redis://127.0.0.1:1';

const likely = fc.constantFrom<unknown>(
  0,
  1,
  -1,
  1.5,
  1e18,
  Number.NaN,
  '1s',
  '-1s',
  'abc',
  '',
  null,
  undefined,
  [],
  {},
  true,
  1n,
  Symbol('x'),
  () => 1,
  { type: 'fixed', delay: 'abc' },
  new Map(),
  new Date(Number.NaN),
  [null],
  { port: 'x' },
  { echo: null },
  { echo: 1 },
  { put: 1 },
  { default: -1 },
  'redis://',
  'http://x',
  '://',
  { host: 7 },
);
const garbage = fc.oneof({ weight: 3, arbitrary: likely }, { weight: 1, arbitrary: fc.anything() });
const objectOf = (names: readonly string[]) =>
  fc.dictionary(fc.constantFrom(...names, '__proto__', 'constructor', 'unknown'), garbage, {
    maxKeys: 4,
  });

/** What a call gives, `undefined` when it was refused as it should be. */
async function accepted<T>(call: () => T | Promise<T>): Promise<Awaited<T> | undefined> {
  try {
    return await call();
  } catch (error) {
    if (isGoflowError(error)) return undefined;
    throw error;
  }
}

const CLIENT = [
  'tasks',
  'redis',
  'broker',
  'prefix',
  'timeout',
  'sharedCalls',
  'payloadLimit',
  'compressAbove',
  'encryption',
  'resultStore',
  'middleware',
  'strict',
  'logger',
  'maxDepth',
  'maxInFlight',
];

test('createGoflow', async () => {
  const given = objectOf(CLIENT).map((options) => ({ tasks, redis, ...options }));
  await fc.assert(
    fc.asyncProperty(fc.oneof(given, garbage), async (options) => {
      const goflow = await accepted(
        () => createGoflow(options as never) as { close(): Promise<void> },
      );
      await goflow?.close();
    }),
    RUNS,
  );
});

const WORKER = [
  'tasks',
  'handlers',
  'redis',
  'broker',
  'name',
  'prefix',
  'concurrency',
  'http',
  'middleware',
  'grace',
  'lease',
  'sharedCalls',
  'resultLimit',
  'compressAbove',
  'resultStore',
  'storeResultsAbove',
  'unroutableAfter',
  'onSuccess',
  'onRetry',
  'onFailure',
  'logger',
  'encryption',
];

test('createWorker', async () => {
  const given = objectOf(WORKER).map((options) => ({ tasks, handlers, redis, ...options }));
  await fc.assert(
    fc.asyncProperty(fc.oneof(given, garbage), async (options) => {
      const worker = await accepted(() => createWorker(options as never));
      await worker?.stop({ grace: 0 });
    }),
    RUNS,
  );
});

test('defineTasks', async () => {
  const contract = objectOf([
    'payload',
    'result',
    'progress',
    'queue',
    'maxAttempts',
    'backoff',
    'timeout',
    'startBy',
    'deadline',
    'retention',
    'priority',
    'chunk',
    'delay',
    'tags',
    'id',
  ]).map((options) => ({ payload: z.any(), result: z.any(), ...options }));
  const given = fc.dictionary(
    fc.oneof(fc.string(), fc.constantFrom('a', 'a.b', '__proto__')),
    fc.oneof(contract, garbage),
    { maxKeys: 3 },
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(given, garbage), async (definitions) => {
      await accepted(() => defineTasks(definitions as never));
    }),
    { ...RUNS, numRuns: 1_000 },
  );
});

const PUSH = [
  'delay',
  'runAt',
  'priority',
  'maxAttempts',
  'backoff',
  'timeout',
  'startBy',
  'deadline',
  'tags',
  'retention',
  'id',
  'deduplicationKey',
  'deduplicationWindow',
  'traceparent',
  'chunk',
  'onFull',
];

test('push, pushMany, wait, cancel, getResult and lists', async () => {
  const goflow = createLocalGoflow({ tasks, handlers });
  onTestFinished(() => goflow.close());
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(garbage, fc.jsonValue()),
      fc.oneof(objectOf(PUSH), garbage),
      garbage,
      async (payload, options, other) => {
        await accepted(() => goflow.push('echo', payload, options as never));
        await accepted(() => goflow.push(other as never, payload as never));
        await accepted(() => goflow.pushMany('echo', payload as never, options as never));
        await accepted(() => goflow.getResult(other as never));
        await accepted(() => goflow.status(other as never));
        await accepted(() => goflow.cancel(other as never, options as never));
        await accepted(() => goflow.wait(other as never, { timeout: 10, ...(options as object) }));
        await accepted(() => goflow.inspector.list(options as never, other as never));
        await accepted(() => goflow.inspector.deadLetters.list(options as never, other as never));
        await accepted(() => goflow.inspector.deadLetters.groups(other as never, options as never));
      },
    ),
    RUNS,
  );
  expect(await goflow.wait(await goflow.push('echo', 'well'))).toBe('well');
});

test('any JSON goes through push, handler and result, and comes back the same', async () => {
  const goflow = createLocalGoflow({ tasks, handlers, concurrency: 20 });
  onTestFinished(() => goflow.close());
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({ stringUnit: 'binary', maxDepth: 6 }), async (value) => {
      const id = await goflow.push('echo', value);
      const expected = JSON.stringify(value);
      expect(JSON.stringify(await goflow.wait(id))).toBe(expected);
      const result = await goflow.getResult(id);
      expect(JSON.stringify(result.status === 'completed' && result.value)).toBe(expected);
    }),
    RUNS,
  );
});
