import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { PushMiddleware } from '../push-middleware.js';
import { completed, open as openClient, type RecordingBroker } from '../recording-broker.test-d.js';

/** A client whose tasks complete as soon as they are pushed. */
function open(options: Parameters<typeof openClient>[0] = {}) {
  const { goflow, broker } = openClient(options);
  endAll(broker);
  return { goflow, broker };
}

function endAll(broker: RecordingBroker): void {
  broker.onChunk = ({ id, payloadsJson, replyTo }) => {
    for (const [index, json] of payloadsJson.entries())
      broker.end(completed(`${id}:${index}`, JSON.parse(json)), replyTo);
    return undefined;
  };
  broker.onPush = ({ id, replyTo }) => {
    broker.end(completed(id), replyTo);
    return undefined;
  };
}

const letters = (count: number): string[] => Array.from({ length: count }, (_, at) => `p${at}`);

test('a source that is there goes in full chunks; each item has its outcome', async () => {
  const { goflow, broker } = open();
  const values = new Map<number, unknown>();
  for await (const { index, result } of goflow.map('plain', letters(10), { chunk: 4 }))
    values.set(index, result?.status === 'completed' && result.value);
  expect(broker.payloads.map(({ length }) => length)).toEqual([4, 4, 2]);
  expect([...values].sort(([a], [b]) => a - b)).toEqual([...letters(10).entries()]);
});

test('the contract may ask for chunks, and 1 turns them off', async () => {
  const { goflow, broker } = open();
  for await (const _ of goflow.map('chunked', letters(5)));
  expect(broker.payloads.map(({ length }) => length)).toEqual([3, 2]);
  for await (const _ of goflow.map('chunked', letters(5), { chunk: 1 }));
  expect([broker.chunks.length, broker.pushed.length]).toEqual([2, 5]);
});

test('a slow source goes in smaller chunks, and never waits for more', async () => {
  const { goflow, broker } = open();
  async function* source() {
    for (const payload of letters(3)) {
      await nextTurn();
      await nextTurn();
      yield payload;
    }
  }
  for await (const _ of goflow.map('plain', source(), { chunk: 4 }));
  expect(broker.payloads).toEqual([['p0'], ['p1'], ['p2']]);
});

test('ten chunks are under way, unless it is told otherwise', async () => {
  const { goflow, broker } = open();
  broker.onChunk = () => undefined;
  const mapping = goflow.map('plain', letters(5_000), { chunk: 50 });
  const first = mapping.next();
  await nextTurn();
  expect(broker.chunks).toHaveLength(10);
  await mapping.return();
  await first;
});

test('an item that is wrong is an outcome, and leaves no gap in a chunk', async () => {
  const { goflow, broker } = open();
  const outcomes: unknown[] = [];
  const source = ['a', 5 as never, 'c'];
  for await (const { index, error } of goflow.map('plain', source, { chunk: 3, ordered: true }))
    outcomes.push([index, error && 'code' in error ? error.code : undefined]);
  expect(broker.payloads).toEqual([['a', 'c']]);
  expect(outcomes).toEqual([
    [0, undefined],
    [1, 'PAYLOAD_INVALID'],
    [2, undefined],
  ]);
});

test('a chunk that does not get in is the error of each of its items', async () => {
  const { goflow, broker } = open();
  const away = new Error('away');
  const end = broker.onChunk;
  broker.onChunk = (chunk) => (chunk.payloadsJson.includes('"p1"') ? away : end(chunk));
  const errors: unknown[] = [];
  for await (const { error } of goflow.map('plain', letters(4), { chunk: 2, ordered: true }))
    errors.push(error);
  expect(errors).toEqual([away, away, undefined, undefined]);
});

test('middleware: what it leaves as it is stays together, what it changes is pushed by itself', async () => {
  const changing: PushMiddleware = (request, next) =>
    request.payload === 'p1' ? next({ ...request, options: { priority: 1 } }) : next();
  const { goflow, broker } = open({ middleware: [changing] });
  for await (const _ of goflow.map('plain', letters(4), { chunk: 10, tags: ['eu'] }));
  expect(broker.payloads).toEqual([['p0', 'p2', 'p3']]);
  expect(broker.chunks[0]).toMatchObject({ tags: ['eu'] });
  expect(broker.pushed).toMatchObject([{ priority: 1, payloadJson: '"p1"' }]);
});

test('what a map pushes is waited for: from when its inbox is open, chunks carry its address, and nothing is looked for', async () => {
  const { goflow, broker } = open();
  for await (const _ of goflow.map('plain', letters(5), { chunk: 5 }));
  broker.looks.length = 0;
  for await (const _ of goflow.map('plain', letters(50), { chunk: 5 }));
  expect(broker.chunks).toHaveLength(11);
  for (const { replyTo } of broker.chunks.slice(1)) expect(replyTo).toBe('here');
  expect(broker.looks).toEqual([]);
});

test('so do chunks of the first map, as soon as the inbox is open', async () => {
  const { goflow, broker } = open();
  for await (const _ of goflow.map('plain', letters(50), { chunk: 5 }));
  expect(broker.chunks.at(-1)).toMatchObject({ replyTo: 'here' });
});

test('with strict, each item of a type that nobody can run is refused', async () => {
  const { goflow, broker } = open({ strict: true });
  broker.isTypeHandled = false;
  const errors: unknown[] = [];
  for await (const { error } of goflow.map('plain', letters(3), { chunk: 2 })) errors.push(error);
  const refused = expect.objectContaining({ code: 'TASK_TYPE_UNHANDLED' });
  expect([errors, broker.calls]).toEqual([[refused, refused, refused], 0]);
});
