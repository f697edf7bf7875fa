import { hostname } from 'node:os';
import { createMemoryResultStore } from '@goflow/broker';
import { createMemoryBroker } from '@goflow/broker/memory';
import {
  defineTasks,
  isGoflowError,
  SILENT_LOGGER,
  type TaskDefinitions,
  type Tasks,
} from '@goflow/shared';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { HandlerRegistry } from './handlers/handler-registry.js';
import { resolveWorkerOptions, type WorkerOptions } from './options.js';
import { createWorker } from './worker.js';

const text = { payload: z.string(), result: z.string() };
const tasks = defineTasks({ repeater: text, 'image.resize': { ...text, queue: 'images' } });
const echo = (payload: string) => payload;
const handlers = { repeater: echo, 'image.resize': echo };

type Options = WorkerOptions<{ repeater: typeof text; 'image.resize': typeof text }>;
const NEEDED: Options = { tasks, handlers, redis: 'redis://127.0.0.1:1' };

test('with only what is needed, all the rest has a default', () => {
  const resolved = resolveWorkerOptions(NEEDED);
  expect(resolved).toMatchObject({
    prefix: undefined,
    broker: undefined,
    http: undefined,
    lease: undefined,
    sharedCalls: undefined,
    middleware: [],
    callbacks: { onSuccess: undefined, onRetry: undefined, onFailure: undefined },
    graceMs: 25_000,
    resultLimit: 1_048_576,
    compressAbove: Number.POSITIVE_INFINITY,
    resultStore: undefined,
    storeResultsAbove: 0,
    unroutableAfterMs: 3_600_000,
    logger: SILENT_LOGGER,
  });
  expect(resolved.concurrencyOf('default')).toBe(10);
  expect(resolved.registry.types).toEqual(['repeater', 'image.resize']);
  expect(Object.isFrozen(resolved)).toBe(true);
});

test('undefined is as good as not given', () => {
  const nothing = {
    broker: undefined,
    name: undefined,
    prefix: undefined,
    concurrency: undefined,
    http: undefined,
    middleware: undefined,
    grace: undefined,
    lease: undefined,
    sharedCalls: undefined,
    resultLimit: undefined,
    compressAbove: undefined,
    resultStore: undefined,
    storeResultsAbove: undefined,
    unroutableAfter: undefined,
    onSuccess: undefined,
    onRetry: undefined,
    onFailure: undefined,
    logger: undefined,
  };
  const { concurrencyOf: _one, registry: _two, name, ...resolved } = resolveWorkerOptions(NEEDED);
  const again = resolveWorkerOptions({ ...NEEDED, ...nothing });
  expect(again).toMatchObject(resolved);
  // No two workers have the same name.
  expect(again.name).not.toBe(name);
});

test('without a name a worker is called after its host, its process and its number there', () => {
  const [one, two] = [resolveWorkerOptions(NEEDED).name, resolveWorkerOptions(NEEDED).name];
  const numberIn = (name: string): number => Number(name.split(':').at(-1));
  expect(one.startsWith(`${hostname()}:${process.pid}:`)).toBe(true);
  expect(numberIn(two)).toBe(numberIn(one) + 1);
  expect(resolveWorkerOptions({ ...NEEDED, name: 'w 1' }).name).toBe('w 1');
});

test('callbacks, a result store and a broker stay what they are', () => {
  const resultStore = createMemoryResultStore();
  const { consumer: broker, client } = createMemoryBroker();
  onTestFinished(() => client.close());
  const callbacks = { onSuccess: echo, onRetry: echo, onFailure: echo } as object;
  const { redis: _, ...needed } = NEEDED;
  const given = { ...needed, ...callbacks, broker, resultStore, storeResultsAbove: 512 };
  expect(resolveWorkerOptions({ ...given, unroutableAfter: '366d' })).toMatchObject({
    callbacks,
    storeResultsAbove: 512,
    unroutableAfterMs: 366 * 86_400_000,
    redis: undefined,
  });
  expect(resolveWorkerOptions(given).broker).toBe(broker);
  expect(resolveWorkerOptions(given).resultStore).toBe(resultStore);
});

test('a registry of one’s own may have only some of the handlers, and stays the same', () => {
  const registry = new HandlerRegistry(tasks).add('repeater', echo);
  expect(resolveWorkerOptions({ ...NEEDED, handlers: registry }).registry).toBe(registry);
});

test('a registry of other contracts is refused where their tasks could not run; schemas may be other ones', () => {
  const resolve = (definitions: TaskDefinitions) => {
    const given = defineTasks(definitions as never) as Tasks;
    const registry = new HandlerRegistry(given);
    for (const type of given.contracts.keys()) registry.add(type, echo as never);
    return () => resolveWorkerOptions({ ...NEEDED, handlers: registry as never });
  };
  const other = { payload: z.string(), result: z.string() };
  expect(resolve({ repeater: { ...other, timeout: '1s' } })).not.toThrow();
  const refused = (there: string) =>
    expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(there) });
  expect(resolve({ repeater: { ...other, queue: 'mail' } })).toThrow(
    refused('repeater has the queue mail; in `tasks` there is the queue default'),
  );
  expect(resolve({ unknown: other })).toThrow(refused('in `tasks` there is no such type'));
});

test('concurrency is one number for every queue, or one for each', () => {
  expect(resolveWorkerOptions({ ...NEEDED, concurrency: 0 }).concurrencyOf('images')).toBe(0);
  const { concurrencyOf } = resolveWorkerOptions({ ...NEEDED, concurrency: { images: 3 } });
  expect(['images', 'default', 'constructor'].map(concurrencyOf)).toEqual([3, 10, 10]);
});

/** What is refused, by the name that the message uses. */
const REFUSED: Readonly<Record<string, readonly unknown[]>> = {
  tasks: [null, undefined, {}, { contracts: {} }, { repeater: text }, 'tasks.js'],
  handlers: [null, undefined, 'handlers', 1, echo],
  concurrency: [
    -1,
    1.5,
    10_001,
    1e9,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '10',
    true,
    [1],
    { 'A b': 1 },
  ],
  'concurrency.images': [{ images: '2' }, { images: -1 }, { images: 10_001 }, { images: null }],
  http: [null, 9464, 'localhost'],
  middleware: [{}, echo, 'auth', [null], ['auth'], [{}]],
  grace: [-1, '2h', '1 s', 'soon', Number.NaN, Number.POSITIVE_INFINITY, {}, true],
  resultLimit: [0, -1, 1.5, 2 ** 30, '1mb', Number.NaN],
  compressAbove: [0, 255, -1, 300.5, 2 ** 30, '1kb', null, Number.NaN, Number.POSITIVE_INFINITY],
  resultStore: [null, 1, 'redis', echo, {}, { put: echo }, { get: echo }, { put: 1, get: 1 }],
  storeResultsAbove: [-1, 1.5, 2 ** 30, '1mb', Number.NaN],
  unroutableAfter: [0, -1, '999ms', 999, '367d', '5x', Number.NaN, Number.POSITIVE_INFINITY],
  name: [null, '', 'x'.repeat(257), 'x'.repeat(10_000), 7, {}, Symbol('w1')],
  onSuccess: [null, 'log', {}, [echo], true],
  onRetry: [null, 'log', {}, 1],
  onFailure: [null, 'log', {}, Promise.resolve()],
  // `redis` is given, too, in all of these.
  broker: [null, 'memory', {}, { consume: echo }],
  logger: [1, {}, { info: echo }, 'pino'],
};

const refusals = Object.entries(REFUSED).flatMap(([name, values]) =>
  values.map((value) => ({ name, value, given: { [name.split('.')[0] ?? '']: value } })),
);

test.each(refusals)('$name: $value is refused, and the option named', ({ name, given }) => {
  expect(refusalOf(() => resolveWorkerOptions({ ...NEEDED, ...given }))).toBe(name);
});

test.each([null, 'memory', 7, {}, { consume: 'yes' }, { push: echo }])(
  'a broker like %j is refused where no `redis` is given, too',
  (broker) => {
    const given = { ...NEEDED, redis: undefined, broker } as unknown as Options;
    expect(refusalOf(() => createWorker(given))).toBe('broker');
  },
);

test.each([undefined, null, 'redis://127.0.0.1', 7])('createWorker(%j) is refused', (given) => {
  expect(refusalOf(() => createWorker(given as unknown as Options))).toBe('createWorker options');
});

test('an option that does not exist is refused', () => {
  const misspelt = { ...NEEDED, concurency: 5 };
  expect(refusalOf(() => createWorker(misspelt))).toBe('createWorker options');
});

test.each([
  ['lease', { lease: '999ms' }],
  ['lease', { lease: 'long' }],
  ['sharedCalls', { sharedCalls: 'off' }],
  ['prefix', { prefix: 'a:b' }],
  ['prefix', { prefix: '' }],
  ['redis', { redis: '' }],
  ['redis', { redis: 'http://127.0.0.1' }],
  ['redis', { redis: undefined }],
  ['redis', { redis: 6379 }],
  ['redis.keyPrefix', { redis: { keyPrefix: 'mine:' } }],
])('createWorker refuses a %s like %j, and leaves no connection open', (name, given) => {
  expect(refusalOf(() => createWorker({ ...NEEDED, ...given } as Options))).toBe(name);
});

test('a handler that is missing, unknown or no function is refused by name', () => {
  const code = (given: object): unknown => {
    try {
      return resolveWorkerOptions({ ...NEEDED, handlers: given as typeof handlers });
    } catch (error) {
      return isGoflowError(error) && error.code;
    }
  };
  expect(code({ repeater: echo })).toBe('HANDLER_INVALID');
  expect(code({ ...handlers, 'image.resize': 'text' })).toBe('HANDLER_INVALID');
  expect(code({ ...handlers, nope: echo })).toBe('TASK_TYPE_UNKNOWN');
});

function refusalOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (isGoflowError(error, 'OPTION_INVALID')) return (error.details as { option: string }).option;
    throw error;
  }
  return 'nothing was refused';
}
