import { defineTasks, GoflowError } from '@goflow/shared';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import type { PushManyOptions } from './many-options.js';
import type { PushMiddleware } from './push-middleware.js';
import { open, START } from './recording-broker.test-d.js';

const letters = (count: number): string[] => Array.from({ length: count }, (_, at) => `p${at}`);
const ID = /^default:[\w-]{22}:\d+$/;

test('payloads go in chunks of n, in one call, and the ids tell chunk and index in the order of the payloads', async () => {
  const { goflow, broker } = open();
  const ids = await goflow.pushMany('plain', letters(7), { chunk: 3 });
  expect(broker.payloads).toEqual([['p0', 'p1', 'p2'], ['p3', 'p4', 'p5'], ['p6']]);
  expect([broker.calls, broker.pushed]).toEqual([1, []]);
  const [first, second, third] = broker.chunks.map(({ id }) => id);
  expect(ids).toEqual([
    ...[0, 1, 2].map((index) => `${first}:${index}`),
    ...[0, 1, 2].map((index) => `${second}:${index}`),
    `${third}:0`,
  ]);
  for (const id of ids) expect(id).toMatch(ID);
});

test('a chunk carries what each of its tasks would: nothing more for a plain one', async () => {
  const { goflow, broker } = open();
  await goflow.pushMany('plain', ['x'], { chunk: 2 });
  expect(broker.chunks).toEqual([
    {
      id: expect.stringMatching(/^default:[\w-]{22}$/),
      queue: 'default',
      type: 'plain',
      payloadsJson: ['"x"'],
      priority: 0,
      pushedAt: START,
    },
  ]);
});

test('options go with the chunk, and those of the contract', async () => {
  const { goflow, broker } = open();
  const options = { delay: '1m', tags: ['eu'], maxAttempts: 7, timeout: '2s', chunk: 2 } as const;
  await goflow.pushMany('timed', ['a', 'b', 'c'], options);
  for (const chunk of broker.chunks)
    expect(chunk).toMatchObject({
      delayMs: 60_000,
      tags: ['eu'],
      maxAttempts: 7,
      timeoutMs: 2_000,
      priority: 5,
      startBy: START + 60_000 + 3_600_000,
      deadline: START + 86_400_000,
    });
  expect(broker.chunks).toHaveLength(2);
});

test.each([2, 1_000])('a single payload is a chunk, too, of at most %d', async (chunk) => {
  const { goflow, broker } = open();
  expect(await goflow.pushMany('plain', ['x'], { chunk })).toEqual([expect.stringMatching(ID)]);
  expect([broker.payloads, broker.pushed]).toEqual([[['x']], []]);
});

test('nothing is nothing', async () => {
  const { goflow, broker } = open();
  expect(await goflow.pushMany('plain', [], { chunk: 2 })).toEqual([]);
  expect(broker.calls).toBe(0);
});

test('the contract may ask for chunks; 1 turns them off, another number counts instead', async () => {
  const { goflow, broker } = open();
  await goflow.pushMany('chunked', letters(4));
  expect(broker.payloads).toEqual([['p0', 'p1', 'p2'], ['p3']]);
  await goflow.pushMany('chunked', letters(4), { chunk: undefined });
  await goflow.pushMany('chunked', letters(4), { chunk: 4 });
  expect(broker.payloads.slice(2).map(({ length }) => length)).toEqual([3, 1, 4]);
  await goflow.pushMany('chunked', letters(4), { chunk: 1 });
  expect([broker.chunks.length, broker.pushed.length]).toEqual([5, 4]);
});

test('what can be in no chunk is pushed by itself where only the contract asks for chunks', async () => {
  const { goflow, broker } = open();
  await goflow.push('chunked', 'a');
  await goflow.pushMany('chunked', ['b'], { id: 'mine' });
  await goflow.pushMany('chunked', ['c'], { deduplicationKey: 'k' });
  await goflow.pushMany('chunked', ['d', 'e'], (_payload, index) => ({ priority: index }));
  await goflow.pushMany('chunked', ['f'], { id: 'mine', chunk: 1 });
  expect(broker.pushed.map(({ payloadJson }) => payloadJson)).toEqual(
    ['a', 'b', 'c', 'd', 'e', 'f'].map((payload) => JSON.stringify(payload)),
  );
  expect(broker.chunks).toEqual([]);
});

test.each([
  [{ chunk: 2, id: 'mine' }, 'chunk'],
  [{ chunk: 2, deduplicationKey: 'k' }, 'chunk'],
  [{ chunk: 0 }, 'chunk'],
  [{ chunk: 1_001 }, 'chunk'],
  [{ chunk: 1.5 }, 'chunk'],
  [{ chunk: '5' }, 'chunk'],
  [{ chunk: null }, 'chunk'],
  [{ chunk: 2, chunks: 2 }, 'push options'],
  [() => ({ chunk: 2 }), 'push options'],
])('%j is refused, and nothing is sent', async (options, option) => {
  const { goflow, broker } = open();
  const pushing = goflow.pushMany('plain', ['a'], options as PushManyOptions);
  await expect(pushing).rejects.toMatchObject({ code: 'OPTION_INVALID', details: { option } });
  expect([broker.calls, broker.pushed]).toEqual([0, []]);
});

test('one push takes no chunk', async () => {
  const { goflow } = open();
  await expect(goflow.push('plain', 'a', { chunk: 2 } as object)).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  });
});

test('all are checked before the first is sent, and the wrong one is named by its place', async () => {
  const { goflow, broker } = open();
  const payloads = [...letters(50), 5 as never, 'last'];
  await expect(goflow.pushMany('plain', payloads, { chunk: 10 })).rejects.toMatchObject({
    code: 'PAYLOAD_INVALID',
    message: expect.stringContaining('payloads[50]: '),
    details: { index: 50 },
  });
  expect(broker.calls).toBe(0);
});

test('a schema that takes its time is waited for, and the order is kept', async () => {
  const slow = z.string().refine(async (value) => {
    await new Promise(setImmediate);
    return value !== 'wrong';
  });
  const asynchronous = defineTasks({ plain: { payload: slow, result: z.string() } });
  const { goflow, broker } = open({ tasks: asynchronous });
  await goflow.pushMany('plain', letters(3), { chunk: 2 });
  expect(broker.payloads).toEqual([['p0', 'p1'], ['p2']]);
  await expect(goflow.pushMany('plain', ['a', 'wrong'], { chunk: 2 })).rejects.toMatchObject({
    details: { index: 1 },
  });
});

test('when some chunks do not get in, each task is told of', async () => {
  const { goflow, broker } = open();
  const away = new GoflowError('BROKER_UNAVAILABLE', 'away', { details: { sent: true } });
  broker.onChunk = ({ payloadsJson }) => (payloadsJson.includes('"p2"') ? away : undefined);
  const error = await goflow.pushMany('plain', letters(5), { chunk: 2 }).catch((e: unknown) => e);
  const [first, second, third] = broker.chunks.map(({ id }) => id);
  expect(error).toMatchObject({
    code: 'PUSH_INCOMPLETE',
    message: '2 of 5 tasks were not pushed; the first: away',
    outcomes: [
      { id: `${first}:0`, pushed: true, deduplicated: false },
      { id: `${first}:1`, pushed: true },
      { id: `${second}:0`, pushed: false, error: away },
      { id: `${second}:1`, pushed: false, error: away },
      { id: `${third}:0`, pushed: true },
    ],
  });
});

test('who listens is told of each task that is in, by its id', async () => {
  const { goflow, broker } = open();
  broker.onChunk = ({ payloadsJson }) =>
    payloadsJson.includes('"p2"') ? new Error('no') : undefined;
  const told: unknown[] = [];
  goflow.on('task:pushed', (event) => told.push(event));
  await goflow.pushMany('plain', letters(4), { chunk: 2 }).catch(() => undefined);
  const [first] = broker.chunks.map(({ id }) => id);
  expect(told).toEqual(
    [0, 1].map((index) => ({ id: `${first}:${index}`, type: 'plain', deduplicated: false })),
  );
});

test('with strict, what nobody can run is refused, and nothing is sent', async () => {
  const { goflow, broker } = open({ strict: true });
  broker.isTypeHandled = false;
  const refused = { code: 'TASK_TYPE_UNHANDLED' };
  await expect(goflow.pushMany('plain', letters(4), { chunk: 2 })).rejects.toMatchObject(refused);
  expect(broker.calls).toBe(0);
});

test('without, it is told of once, not once for each task', async () => {
  const { goflow, broker } = open();
  broker.isTypeHandled = false;
  const told = vi.fn();
  goflow.on('type:unhandled', told);
  await goflow.pushMany('plain', letters(4), { chunk: 2 });
  expect(told.mock.calls).toEqual([[{ type: 'plain' }]]);
});

test('a chunk ends before its payloads exceed 1 MiB of JSON', async () => {
  const { goflow, broker } = open({ payloadLimit: 4 * 1024 * 1024 });
  // 400,000 characters of three bytes, and quotes.
  const large = '€'.repeat(100_000);
  const huge = 'x'.repeat(2_000_000);
  await goflow.pushMany('plain', [large, large, large, large, huge, 'a', 'b'], { chunk: 100 });
  expect(broker.payloads.map((chunk) => chunk.map((payload) => String(payload).length))).toEqual([
    [100_000, 100_000, 100_000],
    [100_000],
    [2_000_000],
    [1, 1],
  ]);
});

const seen: unknown[] = [];
const through: PushMiddleware = (request, next) => {
  seen.push(request.options);
  return next();
};

test('middleware sees each task, and its options without the chunk; left as they are, tasks stay together', async () => {
  seen.length = 0;
  const { goflow, broker } = open({ middleware: [through] });
  const ids = await goflow.pushMany('plain', letters(5), { chunk: 2, tags: ['eu'] });
  expect(broker.payloads).toEqual([['p0', 'p1'], ['p2', 'p3'], ['p4']]);
  expect(seen).toEqual(letters(5).map(() => ({ tags: ['eu'] })));
  expect(ids.map((id) => id.slice(-2))).toEqual([':0', ':1', ':0', ':1', ':0']);
});

test('what middleware gives another type or other options is pushed by itself, in its place', async () => {
  const changing: PushMiddleware = (request, next) => {
    if (request.payload === 'p1') return next({ ...request, type: 'chunked' });
    if (request.payload === 'p3') return next({ ...request, options: { priority: 9 } });
    if (request.payload === 'p4') return next({ ...request, payload: 'changed' });
    return next();
  };
  const { goflow, broker } = open({ middleware: [changing] });
  const ids = await goflow.pushMany('plain', letters(6), { chunk: 10 });
  expect(broker.payloads).toEqual([['p0', 'p2', 'changed', 'p5']]);
  expect(broker.pushed).toMatchObject([
    { id: ids[1], type: 'chunked', queue: 'many', priority: 0 },
    { id: ids[3], type: 'plain', priority: 9 },
  ]);
  const chunk = broker.chunks[0]?.id;
  expect([ids[0], ids[2], ids[4], ids[5]]).toEqual([0, 1, 2, 3].map((at) => `${chunk}:${at}`));
});

test('what middleware keeps back leaves no gap in a chunk', async () => {
  const keeping: PushMiddleware = (request, next) =>
    request.payload === 'p1' ? Promise.reject(new Error('kept back')) : next();
  const { goflow, broker } = open({ middleware: [keeping] });
  const error = await goflow.pushMany('plain', letters(3), { chunk: 10 }).catch((e: unknown) => e);
  const chunk = broker.chunks[0]?.id;
  expect(broker.payloads).toEqual([['p0', 'p2']]);
  expect(error).toMatchObject({
    outcomes: [
      { id: `${chunk}:0`, pushed: true },
      { id: '', pushed: false },
      { id: `${chunk}:1`, pushed: true },
    ],
  });
});

test('a mistyped option is answered with all that there are', async () => {
  const { goflow } = open();
  const pushing = goflow.pushMany('plain', ['a'], { chunks: 2 } as PushManyOptions);
  await expect(pushing).rejects.toThrow(/made of .*delay.*, chunk, got "chunks"/);
});
