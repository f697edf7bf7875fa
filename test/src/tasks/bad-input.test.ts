import { defineTasks, isGoflowError } from '@goflow/sdk';
import { defineHandlers } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { newPlace, openRedis, type Place } from '../support/redis.js';
import { openClient, startSystem } from '../support/system.js';

const cycle: Record<string, unknown> = {};
cycle['self'] = cycle;

/** What lies in Redis, but for the mark of its data, which a client makes when it connects. */
async function keysOf({ redis, prefix }: Place): Promise<string[]> {
  const keys = await openRedis(redis).keys(`${prefix}*`);
  return keys.filter((key) => !key.endsWith(':epoch'));
}

const anything = defineTasks({
  echo: { payload: z.any(), result: z.any(), maxAttempts: 2, backoff: 1 },
});

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'no error';
  } catch (error) {
    return isGoflowError(error) ? error.code : `another error: ${String(error)}`;
  }
};

test.each([
  ['a cycle', cycle],
  ['a BigInt', { n: 1n }],
  ['a function', { f: () => 1 }],
  ['undefined inside', { a: { b: undefined } }],
  ['undefined', undefined],
  ['NaN', { n: Number.NaN }],
  ['a Date', { at: new Date() }],
  ['a Map', new Map([[1, 2]])],
])('a payload with %s is refused by name, and nothing reaches Redis', async (_name, payload) => {
  const place = newPlace();
  const goflow = openClient(anything, place);
  expect(await codeOf(goflow.push('echo', payload))).toBe('PAYLOAD_NOT_SERIALIZABLE');
  expect(await codeOf(goflow.pushMany('echo', ['fine', payload]))).toBe('PAYLOAD_NOT_SERIALIZABLE');
  expect(await keysOf(place)).toEqual([]);
});

test('a payload of the wrong shape names the field; pushMany names the index', async () => {
  const tasks = defineTasks({
    order: {
      payload: z.object({ items: z.array(z.object({ price: z.number() })) }),
      result: z.null(),
    },
  });
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const wrong = { items: [{ price: 1 }, { price: 'two' as unknown as number }] };
  await expect(goflow.push('order', wrong)).rejects.toMatchObject({
    code: 'PAYLOAD_INVALID',
    message: expect.stringContaining('items[1].price') as string,
    details: { issues: [{ path: 'items[1].price' }] },
  });
  await expect(goflow.pushMany('order', [{ items: [] }, wrong])).rejects.toMatchObject({
    code: 'PAYLOAD_INVALID',
    message: expect.stringContaining('payloads[1]') as string,
    details: { index: 1 },
  });
  expect(await keysOf(place)).toEqual([]);
});

test('a payload over the limit is refused with both sizes; the limit is 1 MiB unless told otherwise', async () => {
  const place = newPlace();
  const goflow = openClient(anything, place);
  expect(await codeOf(goflow.push('echo', 'x'.repeat(10_000_000)))).toBe('PAYLOAD_TOO_LARGE');
  expect(await codeOf(goflow.push('echo', 'x'.repeat(1024 * 1024 - 1)))).toBe('PAYLOAD_TOO_LARGE');
  expect(await codeOf(goflow.push('echo', 'x'.repeat(1024 * 1024 - 2)))).toBe('no error');
  const wide = openClient(anything, place, { payloadLimit: 20_000_000 });
  expect(await codeOf(wide.push('echo', 'x'.repeat(10_000_000)))).toBe('no error');
});

test.each([
  ['type', 'no.such.type', {}, 'TASK_TYPE_UNKNOWN'],
  ['type from a prototype', 'constructor', {}, 'TASK_TYPE_UNKNOWN'],
  ['type that is no string', 42, {}, 'TASK_TYPE_UNKNOWN'],
  ['option', 'echo', { delya: 1 }, 'OPTION_INVALID'],
  ['negative delay', 'echo', { delay: -1 }, 'OPTION_INVALID'],
  ['delay of another form', 'echo', { delay: '5x' }, 'OPTION_INVALID'],
  ['delay over 2^31 ms', 'echo', { delay: 2 ** 31 }, 'OPTION_INVALID'],
  ['priority of a fraction', 'echo', { priority: 1.5 }, 'OPTION_INVALID'],
  ['priority over 2^21', 'echo', { priority: 2 ** 21 + 1 }, 'OPTION_INVALID'],
  ['maxAttempts of 0', 'echo', { maxAttempts: 0 }, 'OPTION_INVALID'],
  ['backoff of another type', 'echo', { backoff: { type: 'linear', delay: 1 } }, 'OPTION_INVALID'],
  ['backoff without sense', 'echo', { backoff: { type: 'fixed', delay: 'abc' } }, 'OPTION_INVALID'],
  ['jitter over 1', 'echo', { backoff: { type: 'fixed', delay: 1, jitter: 2 } }, 'OPTION_INVALID'],
  ['options that are none', 'echo', 'fast', 'OPTION_INVALID'],
])('a wrong %s is refused, and nothing reaches Redis', async (...[, type, options, code]) => {
  const place = newPlace();
  const goflow = openClient(anything, place);
  expect(await codeOf(goflow.push(type as 'echo', 1, options as object))).toBe(code);
  expect(await keysOf(place)).toEqual([]);
});

test('results of undefined, null, 0, false and an empty string come back as they are', async () => {
  const results = [undefined, null, 0, false, '', [], {}, 'null', ' '];
  const { goflow } = await startSystem({
    tasks: anything,
    handlers: defineHandlers(anything, { echo: (index: number) => results[index] }),
  });
  for (const [index, expected] of results.entries()) {
    const id = await goflow.push('echo', index);
    expect(await goflow.wait(id)).toEqual(expected);
    const result = await goflow.getResult(id);
    expect(result.status === 'completed' && result.value).toEqual(expected);
  }
});

test.each([
  ['NaN', Number.NaN, 'RESULT_NOT_SERIALIZABLE'],
  ['a Date', new Date(0), 'RESULT_NOT_SERIALIZABLE'],
  ['a cycle', cycle, 'RESULT_NOT_SERIALIZABLE'],
  ['a BigInt', 1n, 'RESULT_NOT_SERIALIZABLE'],
  ['a function', () => 1, 'RESULT_NOT_SERIALIZABLE'],
  ['undefined inside', [undefined], 'RESULT_NOT_SERIALIZABLE'],
  ['10 MB', 'x'.repeat(10_000_000), 'RESULT_TOO_LARGE'],
])(
  'a result of %s fails the task at once, with a code, and the worker goes on',
  async (_name, value, code) => {
    const { goflow } = await startSystem({
      tasks: anything,
      handlers: defineHandlers(anything, {
        echo: (payload: string) => (payload === 'bad' ? value : payload),
      }),
    });
    const bad = await goflow.push('echo', 'bad');
    await expect(goflow.wait(bad)).rejects.toMatchObject({ attempts: 1, failure: { code } });
    expect(await goflow.wait(await goflow.push('echo', 'good'))).toBe('good');
  },
);

test('a result that the schema refuses fails the task, with the field named', async () => {
  const tasks = defineTasks({
    size: { payload: z.null(), result: z.object({ width: z.number() }) },
  });
  const { goflow } = await startSystem({
    tasks,
    handlers: defineHandlers(tasks, { size: () => ({ width: 'wide' as unknown as number }) }),
  });
  const id = await goflow.push('size', null);
  await expect(goflow.wait(id)).rejects.toMatchObject({
    failure: { code: 'RESULT_INVALID', message: expect.stringContaining('width') as string },
  });
});

const deep = new Error('inner');
deep.cause = new Error('outer', { cause: deep });

const thrown: [string, () => unknown, object][] = [
  ['a string', () => 'just words', { message: 'just words' }],
  ['null', () => null, { message: 'null' }],
  ['undefined', () => undefined, { message: 'undefined' }],
  ['an object', () => ({ why: 'because' }), { message: '{"why":"because"}' }],
  ['an Error with a cyclic cause', () => deep, { message: 'inner', cause: { message: 'outer' } }],
  ['a frozen Error', () => Object.freeze(new Error('cold')), { message: 'cold' }],
  [
    'an Error whose getters throw',
    () =>
      Object.defineProperty(new Error('x'), 'message', {
        get() {
          throw new Error('no');
        },
      }),
    { name: 'Error' },
  ],
  [
    'an Error with a name of BullMQ',
    () => Object.assign(new Error('mine'), { name: 'DelayedError' }),
    { name: 'DelayedError' },
  ],
  [
    'an Error with a message of BullMQ',
    () => new Error('bullmq:rateLimitExceeded'),
    { message: 'bullmq:rateLimitExceeded' },
  ],
  [
    'an Error with a code of its own',
    () => Object.assign(new Error('x'), { code: 'ENOENT' }),
    { code: 'ENOENT' },
  ],
];

test.each(thrown)(
  'a handler that throws %s fails its attempts, and the failure is told',
  async (_name, make, failure) => {
    const { goflow } = await startSystem({
      tasks: anything,
      handlers: defineHandlers(anything, {
        echo: () => {
          throw make();
        },
      }),
    });
    const id = await goflow.push('echo', 1);
    await expect(goflow.wait(id)).rejects.toMatchObject({
      code: 'TASK_FAILED',
      attempts: 2,
      failure,
    });
  },
);

test('a handler that rejects twice fails once', async () => {
  const { goflow } = await startSystem({
    tasks: anything,
    handlers: defineHandlers(anything, {
      echo: () =>
        new Promise((_resolve, reject) => {
          reject(new Error('first'));
          reject(new Error('second'));
        }),
    }),
  });
  const id = await goflow.push('echo', 1);
  await expect(goflow.wait(id)).rejects.toMatchObject({ failure: { message: 'first' } });
});

test('what is no id is refused, and the promise of a push that nobody awaited is told as such', async () => {
  const goflow = openClient(anything, newPlace());
  const pushing = goflow.push('echo', 1);
  const notAwaited =
    'Expected `id` to be the id of a task (await the push), got a Promise (object)';
  const asks = (id: never): Promise<unknown>[] => [
    goflow.getResult(id),
    goflow.status(id),
    goflow.wait(id),
    goflow.cancel(id),
    (async () => goflow.watch(id).next())(),
    goflow.inspector.get(id),
    goflow.inspector.deadLetters.redrive(id),
    goflow.inspector.deadLetters.discard(id),
  ];
  for (const end of await Promise.allSettled(asks(pushing as never)))
    expect(end).toMatchObject({ reason: { code: 'OPTION_INVALID', message: notAwaited } });
  for (const end of await Promise.allSettled(asks(undefined as never)))
    expect(end).toMatchObject({ reason: { code: 'OPTION_INVALID', details: { option: 'id' } } });
  await expect(goflow.waitAll([await pushing, pushing as never])).rejects.toThrow(
    'Expected `ids[1]` to be the id of a task (await the push), got a Promise (object)',
  );
  await pushing;
});

test('a push that was not awaited before close(), and could not be sent yet, is told so', async () => {
  // Nobody listens there: the connection does not come in between.
  const goflow = openClient(anything, { redis: 'redis://127.0.0.1:1', prefix: 'p' });
  const pushes = [goflow.push('echo', 1), goflow.push('echo', 2, { id: 'mine' })];
  const reading = goflow.counts();
  await goflow.close();
  for (const push of await Promise.allSettled(pushes))
    expect(push).toMatchObject({
      reason: {
        code: 'CLIENT_CLOSED',
        message: 'the client was closed before this push was sent: await the push before close()',
        details: { sent: false },
      },
    });
  await expect(reading).rejects.toThrow('before this call was sent');
});
