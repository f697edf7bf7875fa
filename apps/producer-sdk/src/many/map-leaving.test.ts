import { getEventListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { GoflowError, type TaskId, type TaskResult } from '@goflow/shared';
import { expect, test } from 'vitest';
import type { Following } from '../waiting.js';
import { type MapOutcome, type MapPorts, mapTasks } from './map.js';

/** A client in memory: even tasks end at once, odd ones never do. */
class Client implements MapPorts {
  readonly pushed: number[] = [];
  readonly cancelled: string[] = [];
  readonly waits = new Map<string, (error: Error) => void>();

  async push(_payload: unknown, index: number): Promise<TaskId> {
    this.pushed.push(index);
    return `q:${index}`;
  }

  follow(id: TaskId, ended: (outcome: TaskResult | Error) => void): Following {
    if (this.endsAtOnce(id)) queueMicrotask(() => ended({ status: 'unknown', id }));
    else this.waits.set(id, ended);
    return { id, leave: () => void this.waits.delete(id) };
  }

  endsAtOnce(id: TaskId): boolean {
    return Number(id.slice(2)) % 2 === 0;
  }

  async cancel(id: TaskId): Promise<void> {
    this.cancelled.push(id);
    throw new Error('Redis is away');
  }
}

type Kind = 'sync' | 'async';

/** Endless numbers that count how often they are left; reading the item at `pauseAt` never ends. */
function numbers(kind: Kind, pauseAt = Number.POSITIVE_INFINITY) {
  const left = { times: 0 };
  const never = new Promise<number>(() => undefined);
  let index = -1;
  const next = () => {
    index += 1;
    return { value: index < pauseAt ? index : never, done: false };
  };
  const leave = () => {
    left.times += 1;
    return { value: undefined, done: true };
  };
  const sync = { [Symbol.iterator]: () => ({ next, return: leave }) };
  const async = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ value: await next().value, done: false }),
      return: async () => leave(),
    }),
  };
  return { source: { sync, async }[kind] as Iterable<unknown>, left };
}

/** Reads until the outcome with this index is given out. */
async function readUntil(at: number, generator: AsyncIterable<MapOutcome>): Promise<void> {
  for await (const { index } of generator) if (index === at) return;
}

const aborted = (cause: unknown) => expect.objectContaining({ code: 'WAIT_ABORTED', cause });

type Leave = (generator: AsyncIterable<MapOutcome>, stop: AbortController) => Promise<void>;

const ways: [string, Leave][] = [
  ['break', (generator) => readUntil(4, generator)],
  [
    'an error in the loop',
    async (generator) => {
      const failing = async () => {
        for await (const _ of generator) throw new Error('in the loop');
      };
      await expect(failing()).rejects.toThrow('in the loop');
    },
  ],
  [
    'abort while it waits',
    async (generator, stop) => {
      const end = expect(readUntil(-1, generator)).rejects.toEqual(aborted('enough'));
      await nextTurn();
      stop.abort('enough');
      await end;
    },
  ],
  [
    'abort in the loop',
    async (generator, stop) => {
      const aborting = async () => {
        for await (const _ of generator) stop.abort('enough');
      };
      await expect(aborting()).rejects.toEqual(aborted('enough'));
    },
  ],
];
const kinds: Kind[] = ['sync', 'async'];
const cases = ways.flatMap(([way, leave]) => kinds.map((kind) => ({ way, leave, kind })));

test.each(cases)('left by $way, a $kind source is left once, and nothing stays', async (given) => {
  const client = new Client();
  const stop = new AbortController();
  const { source, left } = numbers(given.kind);
  await given.leave(mapTasks(source, { inFlight: 4, signal: stop.signal }, client), stop);
  const pushed = client.pushed.length;
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  expect(left.times).toBe(1);
  expect(client.pushed).toHaveLength(pushed);
  expect(client.waits.size).toBe(0);
  expect(client.cancelled).toEqual([]);
  expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
});

test.each(cases)('left by $way, a $kind source that never answers is left, too', async (given) => {
  const client = new Client();
  const stop = new AbortController();
  const { source, left } = numbers(given.kind, 5);
  await given.leave(mapTasks(source, { signal: stop.signal }, client), stop);
  expect(left.times).toBe(1);
  expect(client.waits.size).toBe(0);
});

test.each(cases)('left by $way with cancel, tasks in flight are cancelled', async (given) => {
  const client = new Client();
  const stop = new AbortController();
  const options = { inFlight: 4, signal: stop.signal, onStop: 'cancel' } as const;
  await given.leave(mapTasks(numbers(given.kind).source, options, client), stop);
  const open = client.pushed.filter((index) => index % 2 === 1).map((index) => `q:${index}`);
  expect(client.cancelled.toSorted()).toEqual(open.toSorted());
  expect(open.length).toBeGreaterThan(0);
});

test.each(['cancel', 'leave'] as const)('a push under way when it is left: %s', async (onStop) => {
  let settle = (_id: TaskId): void => undefined;
  class SlowPush extends Client {
    override push(payload: unknown, index: number): Promise<TaskId> {
      if (index < 2) return super.push(payload, index);
      return new Promise((resolve) => {
        settle = resolve;
      });
    }
  }
  const client = new SlowPush();
  const generator = mapTasks([0, 1, 2], { onStop }, client);
  await generator.next();
  await nextTurn();
  let isLeft = false;
  const left = generator.return().then(() => {
    isLeft = true;
  });
  await nextTurn();
  expect(isLeft).toBe(onStop === 'leave');
  settle('q:2');
  await left;
  await nextTurn();
  expect(client.cancelled.toSorted()).toEqual(onStop === 'leave' ? [] : ['q:1', 'q:2']);
  expect([...client.waits]).toEqual([]);
});

test.each(['reason', undefined])(
  'a signal aborted before (%s): nothing is read',
  async (reason) => {
    const client = new Client();
    const signal = AbortSignal.abort(reason);
    const { source, left } = numbers('sync');
    const generator = mapTasks(source, { signal }, client);
    await expect(generator.next()).rejects.toEqual(aborted(signal.reason));
    expect(await generator.next()).toEqual({ done: true, value: undefined });
    expect([client.pushed, left.times]).toEqual([[], 0]);
  },
);

test('aborted when all has ended and is not taken yet, it does not end as if all had been', async () => {
  const stop = new AbortController();
  class EndsAll extends Client {
    override endsAtOnce(): boolean {
      return true;
    }
  }
  const generator = mapTasks([0, 1, 2], { signal: stop.signal }, new EndsAll());
  await generator.next();
  await nextTurn();
  stop.abort('late');
  await expect(generator.next()).rejects.toEqual(aborted('late'));
});

test('an outcome that cannot be had ends the map, after those that are there', async () => {
  const client = new Client();
  const { source, left } = numbers('sync');
  const generator = mapTasks(source, { inFlight: 4 }, client);
  await generator.next();
  await nextTurn();
  const closed = new GoflowError('CLIENT_CLOSED', 'the client is closed');
  for (const ended of client.waits.values()) ended(closed);
  await nextTurn();
  const given: number[] = [];
  await expect(
    (async () => {
      for await (const { index } of generator) given.push(index);
    })(),
  ).rejects.toBe(closed);
  expect(given).toEqual([2, 4].slice(0, given.length));
  expect(given.length).toBeGreaterThan(0);
  expect(left.times).toBe(1);
  expect(await generator.next()).toEqual({ done: true, value: undefined });
});

test('a closed client ends the map, and does not refuse item after item', async () => {
  const closed = new GoflowError('CLIENT_CLOSED', 'the client is closed');
  class Closed extends Client {
    override async push(): Promise<TaskId> {
      throw closed;
    }
  }
  const { source, left } = numbers('async');
  await expect(readUntil(-1, mapTasks(source, {}, new Closed()))).rejects.toBe(closed);
  expect(left.times).toBe(1);
});

test('never started and left, the source is never opened', async () => {
  const { source, left } = numbers('sync');
  const generator = mapTasks(source, { onStop: 'cancel' }, new Client());
  expect(await generator.return()).toEqual({ done: true, value: undefined });
  expect(await generator.next()).toEqual({ done: true, value: undefined });
  expect(left.times).toBe(0);
});

test('an error of the source on being left is told to who leaves, and hides no other', async () => {
  const stop = new AbortController();
  const leave = () => {
    throw new Error('could not close the file');
  };
  const next = () => ({ value: 0, done: false });
  const items = { [Symbol.iterator]: () => ({ next, return: leave }) };
  const map = () => mapTasks(items, { inFlight: 2, signal: stop.signal }, new Client());
  await expect(readUntil(0, map())).rejects.toThrow('could not close the file');
  const end = expect(readUntil(-1, map())).rejects.toEqual(aborted('enough'));
  await nextTurn();
  stop.abort('enough');
  await end;
});
