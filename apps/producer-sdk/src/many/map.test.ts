import { setImmediate as nextTurn } from 'node:timers/promises';
import { GoflowError, type TaskId, type TaskResult } from '@goflow/shared';
import { expect, test } from 'vitest';
import type { Following } from '../waiting.js';
import { type MapOptions, type MapOutcome, type MapPorts, mapTasks } from './map.js';

/** A client in memory whose tasks end when the test says so. */
class Client implements MapPorts {
  readonly pushed: unknown[] = [];
  readonly waits = new Map<string, (outcome: TaskResult | Error) => void>();
  /** What the push of a payload throws. */
  readonly refusals = new Map<unknown, unknown>();

  async push(payload: unknown, index: number): Promise<TaskId> {
    this.pushed.push(payload);
    if (this.refusals.has(payload)) throw this.refusals.get(payload);
    return `q:${index}`;
  }

  follow(id: TaskId, ended: (outcome: TaskResult | Error) => void): Following {
    this.waits.set(id, ended);
    return { id, leave: () => void this.waits.delete(id) };
  }

  async cancel(): Promise<void> {
    throw new Error('nothing here is cancelled');
  }

  end(...indexes: number[]): void {
    for (const index of indexes) {
      const ended = this.waits.get(`q:${index}`);
      this.waits.delete(`q:${index}`);
      ended?.(resultOf(index));
    }
  }
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

function deferred<T>(): Deferred<T> {
  let settle: Omit<Deferred<T>, 'promise'> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, resolve: (value) => settle?.resolve(value), reject: (e) => settle?.reject(e) };
}

const resultOf = (index: number): TaskResult => ({
  status: 'completed',
  value: index,
  id: `q:${index}`,
  type: 'repeater',
  attempts: 1,
  pushedAt: new Date(0),
});

/** Reads to the end; what was given out is there even when it throws. */
function read(generator: AsyncIterable<MapOutcome>) {
  const given: MapOutcome[] = [];
  const end = (async () => {
    for await (const outcome of generator) given.push(outcome);
  })();
  end.catch(() => undefined);
  return { given, end, indexes: () => given.map(({ index }) => index) };
}

function* letters(count: number, reads: number[] = []) {
  for (let index = 0; index < count; index += 1) {
    reads.push(index);
    yield `p${index}`;
  }
}

test('gives out outcomes as tasks end, each with its item, and then ends', async () => {
  const client = new Client();
  const { given, end, indexes } = read(mapTasks(letters(3), {}, client));
  await nextTurn();
  expect(client.pushed).toEqual(['p0', 'p1', 'p2']);
  client.end(2);
  await nextTurn();
  expect(given).toEqual([{ index: 2, payload: 'p2', id: 'q:2', result: resultOf(2) }]);
  client.end(0);
  await nextTurn();
  client.end(1);
  await end;
  expect(indexes()).toEqual([2, 0, 1]);
});

test('ordered: the slow first holds up those behind it, who keep their places', async () => {
  const client = new Client();
  const options = { ordered: true, inFlight: 3 };
  const { end, indexes } = read(mapTasks(letters(4), options, client));
  await nextTurn();
  client.end(2, 1);
  await nextTurn();
  expect(indexes()).toEqual([]);
  expect(client.pushed).toHaveLength(3);
  client.end(0);
  await nextTurn();
  expect(indexes()).toEqual([0, 1, 2]);
  client.end(3);
  await end;
  expect(indexes()).toEqual([0, 1, 2, 3]);
});

test('ordered: an item that cannot be pushed keeps its place, too', async () => {
  const client = new Client();
  client.refusals.set('p1', new Error('no'));
  const { end, indexes } = read(mapTasks(letters(3), { ordered: true }, client));
  await nextTurn();
  client.end(2);
  await nextTurn();
  expect(indexes()).toEqual([]);
  client.end(0);
  await end;
  expect(indexes()).toEqual([0, 1, 2]);
});

test.each([
  ['an array', []],
  ['a generator', letters(0)],
  ['an async generator', (async function* () {})()],
])('%s without items is a map without outcomes', async (_what, source) => {
  const { given, end } = read(mapTasks(source, {}, new Client()));
  await end;
  expect(given).toEqual([]);
});

test.each([true, false])('inFlight 1 is one after the other (ordered: %s)', async (ordered) => {
  const client = new Client();
  const { end, indexes } = read(mapTasks(letters(3), { inFlight: 1, ordered }, client));
  for (const index of [0, 1, 2]) {
    await nextTurn();
    expect([client.pushed.length, [...client.waits.keys()]]).toEqual([index + 1, [`q:${index}`]]);
    client.end(index);
  }
  await end;
  expect(indexes()).toEqual([0, 1, 2]);
});

test('reads nothing before it is asked, and a slow consumer slows the source', async () => {
  const client = new Client();
  const reads: number[] = [];
  const generator = mapTasks(letters(1_000, reads), { inFlight: 3 }, client);
  await nextTurn();
  expect(reads).toHaveLength(0);
  for (let taken = 0; taken < 20; taken += 1) {
    const next = generator.next();
    await nextTurn();
    client.end(...reads);
    await next;
    await nextTurn();
    client.end(...reads);
    await nextTurn();
    expect(reads).toHaveLength(taken + 1 + 3);
  }
  await generator.return(undefined);
});

test('a slow push does not keep the others from being pushed', async () => {
  const slow = deferred<TaskId>();
  class SlowFirst extends Client {
    override push(payload: unknown, index: number): Promise<TaskId> {
      return index === 0 ? slow.promise : super.push(payload, index);
    }
  }
  const client = new SlowFirst();
  const { end, indexes } = read(mapTasks(letters(4), { inFlight: 2 }, client));
  for (const index of [1, 2, 3]) {
    await nextTurn();
    client.end(index);
  }
  await nextTurn();
  expect(indexes()).toEqual([1, 2, 3]);
  slow.resolve('q:0');
  await nextTurn();
  client.end(0);
  await end;
  expect(indexes()).toEqual([1, 2, 3, 0]);
});

test('an item that cannot be pushed is an outcome, and the others go on', async () => {
  const client = new Client();
  const refusal = new GoflowError('BROKER_UNAVAILABLE', 'away');
  client.refusals.set('p0', refusal).set('p2', 'a string');
  const { given, end } = read(mapTasks(letters(4), { inFlight: 1 }, client));
  await nextTurn();
  await nextTurn();
  client.end(1);
  for (let turn = 0; turn < 3; turn += 1) await nextTurn();
  client.end(3);
  await end;
  expect(given.map(({ index, error }) => [index, error?.message])).toEqual([
    [0, 'away'],
    [1, undefined],
    [2, 'a string'],
    [3, undefined],
  ]);
  expect(given[0]).toEqual({ index: 0, payload: 'p0', error: refusal });
  expect(given[2]?.error).toMatchObject({ cause: 'a string' });
});

test('pushes that all fail at once leave timers and sockets their turn', async () => {
  const client = new Client();
  client.push = async () => {
    throw new Error('away');
  };
  let turns = 0;
  const turn = () => {
    turns += 1;
    immediate = setImmediate(turn);
  };
  let immediate = setImmediate(turn);
  const { given, end } = read(mapTasks(letters(1_000), { inFlight: 10 }, client));
  await end;
  clearImmediate(immediate);
  expect(given).toHaveLength(1_000);
  expect(turns).toBeGreaterThan(50);
});

test('an error of the source comes after the outcomes of what it gave before', async () => {
  const client = new Client();
  const broken = new Error('the file is broken');
  const { end, indexes } = read(
    mapTasks(
      (function* () {
        yield* letters(2);
        throw broken;
      })(),
      {},
      client,
    ),
  );
  await nextTurn();
  client.end(1);
  await nextTurn();
  client.end(0);
  await expect(end).rejects.toBe(broken);
  expect(indexes()).toEqual([1, 0]);
});

test('a source that stays open and gives nothing does not hold back what has ended', async () => {
  const client = new Client();
  const source = (async function* () {
    yield* letters(2);
    await new Promise(() => undefined);
  })();
  const generator = mapTasks(source, {}, client);
  const [first, second] = [generator.next(), generator.next()];
  await nextTurn();
  client.end(1, 0);
  expect([(await first).value, (await second).value]).toMatchObject([{ index: 1 }, { index: 0 }]);
  await generator.return();
});

test.each<[string, unknown, string]>([
  ['inFlight', { inFlight: 0 }, 'inFlight'],
  ['inFlight below chunk', { inFlight: 9, chunk: 10 }, 'inFlight'],
  ['inFlight', { inFlight: 100_001 }, 'inFlight'],
  ['inFlight', { inFlight: 1.5 }, 'inFlight'],
  ['inFlight', { inFlight: '10' }, 'inFlight'],
  ['ordered', { ordered: 'yes' }, 'ordered'],
  ['onStop', { onStop: 'abort' }, 'onStop'],
  ['signal', { signal: {} }, 'signal'],
  ['signal', { signal: null }, 'signal'],
  ['a misspelt name', { inflight: 5 }, 'map options'],
])('refuses %s: %j at once', (_what, options, named) => {
  const map = () => mapTasks([1], options as MapOptions, new Client());
  expect(map).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  expect(map).toThrow(`Expected \`${named}\` to be `);
});

test.each([undefined, null, 5, {}, () => []])('%j is no source', (source) => {
  const map = () => mapTasks(source as unknown as [], {}, new Client());
  expect(map).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
});

test.each([1, 100_000])('takes inFlight %d', async (inFlight) => {
  await read(mapTasks([], { inFlight }, new Client())).end;
});
