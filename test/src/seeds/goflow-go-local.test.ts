import { createFakeClock, createLocalGoflow } from '@goflow/local';
import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { HandlerRegistry } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';
import { KeyValueStore } from './key-value-store.js';

// Only local mode: what goflow-Go does in its first way, as a library in one process. Its second way has a file of its own.
const tasks = defineTasks({
  repeater: { payload: z.any(), result: z.any(), maxAttempts: 1 },
  failing: { payload: z.null(), result: z.null(), maxAttempts: 1 },
  'image.resize': { payload: z.number(), result: z.number(), queue: 'images' },
});
const repeater = (payload: unknown): unknown => payload;

test('NewLocalMode: its example; a handler is registered, a task pushed, its result asked for by id', async () => {
  const taskHandlerStore = new HandlerRegistry(tasks);
  await using goflow = createLocalGoflow({ tasks, handlers: taskHandlerStore });
  goflow.addHandler('repeater', (payload) => payload);
  const taskId = await goflow.push('repeater', 'Hello, GoFlow!');
  await goflow.wait(taskId);
  const result = await goflow.getResult(taskId);
  expect(result).toMatchObject({ status: 'completed', value: 'Hello, GoFlow!' });
});

test('WithNumWorkers: so many tasks at once in each queue, and no more', async () => {
  const barrier = new Barrier();
  const blocked = (payload: unknown) => barrier.pass().then(() => payload);
  const handlers = new HandlerRegistry(tasks)
    .add('repeater', blocked)
    .add('image.resize', (payload) => payload + 1);
  await using goflow = createLocalGoflow({ tasks, handlers, concurrency: 3 });
  const ids = await goflow.pushMany('repeater', [1, 2, 3, 4, 5]);
  await until(() => barrier.waiting === 3, { what: 'three to run' });
  // A queue of its own is not held up.
  expect(await goflow.wait(await goflow.push('image.resize', 1))).toBe(2);
  expect(goflow.worker.active).toEqual({ default: 3, images: 0 });
  expect(await goflow.counts()).toMatchObject({ active: 3, waiting: 2 });
  barrier.open();
  expect(await goflow.waitAll(ids)).toMatchObject([1, 2, 3, 4, 5].map((value) => ({ value })));
});

test('WithResultsStore: results are kept in a store of the caller’s own, and read from there', async () => {
  const resultStore = new KeyValueStore();
  const handlers = new HandlerRegistry(tasks).add('repeater', repeater);
  await using goflow = createLocalGoflow({ tasks, handlers, resultStore });
  const id = await goflow.push('repeater', { kept: 'elsewhere' });
  expect(await goflow.wait(id)).toEqual({ kept: 'elsewhere' });
  expect([...resultStore.kept]).toEqual([[id, '{"kept":"elsewhere"}']]);
  resultStore.kept.set(id, '"changed there"');
  expect(await goflow.getResult(id)).toMatchObject({ value: 'changed there' });
});

test('Start: it runs from the moment it is made, with nothing to call', async () => {
  const handlers = new HandlerRegistry(tasks).add('repeater', repeater);
  await using goflow = createLocalGoflow({ tasks, handlers });
  expect(await goflow.wait(await goflow.push('repeater', 1))).toBe(1);
  expect(goflow.worker.state).toBe('running');
});

test('Close: running tasks end, the rest is not begun, and nothing is accepted any more', async () => {
  const barrier = new Barrier();
  const ended: unknown[] = [];
  const handlers = new HandlerRegistry(tasks).add('repeater', async (payload, { signal }) => {
    await barrier.pass();
    ended.push([payload, signal.aborted]);
    return payload;
  });
  const goflow = createLocalGoflow({ tasks, handlers, concurrency: 2 });
  await goflow.pushMany('repeater', ['a', 'b', 'c']);
  await until(() => barrier.waiting === 2, { what: 'two to run' });
  const closed = goflow.close();
  await until(() => goflow.worker.state === 'stopping', { what: 'it to close' });
  barrier.open();
  await closed;
  expect(ended).toEqual([
    ['a', false],
    ['b', false],
  ]);
  await expect(goflow.push('repeater', 'd')).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  await goflow.close();
});

test('RegisterHandler: before it starts, in a store that the caller keeps', async () => {
  const handlers = new HandlerRegistry(tasks);
  handlers.add('repeater', repeater);
  await using goflow = createLocalGoflow({ tasks, handlers });
  expect(await goflow.wait(await goflow.push('repeater', 'before'))).toBe('before');
});

test('RegisterHandler: while it runs, through it or through the caller’s store; once for each type', async () => {
  const handlers = new HandlerRegistry(tasks).add('repeater', repeater);
  await using goflow = createLocalGoflow({ tasks, handlers });
  expect(await goflow.wait(await goflow.push('repeater', 1))).toBe(1);
  goflow.addHandler('image.resize', (payload) => payload * 2);
  expect(await goflow.wait(await goflow.push('image.resize', 4))).toBe(8);
  handlers.add('failing', () => null);
  expect(await goflow.wait(await goflow.push('failing', null))).toBeNull();
  expect(() => goflow.addHandler('repeater', repeater)).toThrow(
    expect.objectContaining({ code: 'HANDLER_DUPLICATE' }),
  );
  expect(() => goflow.addHandler('unheard.of' as 'failing', () => null)).toThrow(
    expect.objectContaining({ code: 'TASK_TYPE_UNKNOWN' }),
  );
});

test('Push: every task has an id of its own, and its result is its own', async () => {
  const handlers = new HandlerRegistry(tasks).add('repeater', repeater);
  await using goflow = createLocalGoflow({ tasks, handlers });
  const payloads = Array.from({ length: 100 }, (_, index) => `task ${index}`);
  const ids = await Promise.all(payloads.map((payload) => goflow.push('repeater', payload)));
  expect(new Set(ids).size).toBe(100);
  expect(await goflow.waitAll(ids)).toMatchObject(payloads.map((value) => ({ value })));
});

test('GetResult: “not ready yet” is an answer, and so is an id that nobody pushed', async () => {
  const barrier = new Barrier();
  const handlers = new HandlerRegistry(tasks).add('repeater', (payload) =>
    barrier.pass().then(() => payload),
  );
  await using goflow = createLocalGoflow({ tasks, handlers, concurrency: 1 });
  const [running = '', waiting = ''] = await goflow.pushMany('repeater', [1, 2]);
  const delayed = await goflow.push('repeater', 3, { delay: '1h' });
  await until(() => barrier.waiting === 1, { what: 'one to run' });
  const statusOf = async (id: string) => (await goflow.getResult(id)).status;
  expect(await statusOf(running)).toBe('active');
  expect(await statusOf(waiting)).toBe('waiting');
  expect(await statusOf(delayed)).toBe('delayed');
  expect(await statusOf('nobody pushed this')).toBe('unknown');
  barrier.open();
  expect(await goflow.wait(waiting)).toBe(2);
  expect(await goflow.getResult(running)).toMatchObject({ status: 'completed', value: 1 });
});

test.each([
  ['text', 'Hello, GoFlow!'],
  ['no text', ''],
  ['text beyond ASCII', 'ᛉ Bifröst 🌈 \u0000'],
  ['numbers', [0, -1.5, 1e21, Number.MAX_SAFE_INTEGER]],
  ['truth', [true, false]],
  ['nothing', null],
  ['a list', [1, 'two', [3, [4]], {}]],
  ['an object', { a: { b: [{ c: null }] }, constructor: 'x', 'a key: of any kind': 1 }],
  ['much', 'x'.repeat(500_000)],
])('any payload: %s comes out of the repeater as it went in', async (_what, payload) => {
  const handlers = new HandlerRegistry(tasks).add('repeater', repeater);
  await using goflow = createLocalGoflow({ tasks, handlers });
  expect(await goflow.wait(await goflow.push('repeater', payload))).toStrictEqual(payload);
});

test('errors are results: what a handler throws is told by GetResult, and harms no other task', async () => {
  const handlers = new HandlerRegistry(tasks)
    .add('repeater', repeater)
    .add('failing', () => Promise.reject(new RangeError('no such thing')));
  await using goflow = createLocalGoflow({ tasks, handlers });
  const id = await goflow.push('failing', null);
  const failure = { name: 'RangeError', message: 'no such thing' };
  await expect(goflow.wait(id)).rejects.toMatchObject({ code: 'TASK_FAILED', failure });
  expect(await goflow.getResult(id)).toMatchObject({ status: 'failed', attempts: 1, failure });
  expect(await goflow.wait(await goflow.push('repeater', 'unharmed'))).toBe('unharmed');
});

test('a task without a handler, which goflow-Go loses, is kept until there is one, no attempt spent', async () => {
  const clock = createFakeClock();
  const handlers = new HandlerRegistry(tasks).add('repeater', repeater);
  await using goflow = createLocalGoflow({ tasks, handlers, clock });
  const id = await goflow.push('failing', null);
  await clock.advance(600_000);
  expect(await goflow.getResult(id)).toMatchObject({ status: 'delayed', attempts: 0 });
  goflow.addHandler('failing', () => null);
  await clock.advance(600_000);
  expect(await goflow.getResult(id)).toMatchObject({ status: 'completed', attempts: 1 });
});

test('a task without a handler: if there never is one, it is a dead letter that says so', async () => {
  const clock = createFakeClock();
  const handlers = new HandlerRegistry(tasks).add('repeater', repeater);
  await using goflow = createLocalGoflow({ tasks, handlers, clock });
  const id = await goflow.push('failing', null);
  await clock.advance(2 * 3_600_000);
  expect(await goflow.getResult(id)).toMatchObject({ failure: { code: 'HANDLER_MISSING' } });
  const { tasks: dead } = await goflow.inspector.deadLetters.list();
  expect(dead).toMatchObject([{ id, reason: 'no-handler' }]);
});
