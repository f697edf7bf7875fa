import { getEventListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { GoflowError, type TaskId, type TaskResult, WaitTimeoutError } from '@goflow/shared';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Following } from '../waiting.js';
import { asCompleted, type GatherPorts, type WaitManyOptions, waitAll, waitAny } from './gather.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

interface Wait {
  readonly id: string;
  readonly ended: (outcome: TaskResult | Error) => void;
}

/** A client in memory whose tasks end when the test says so. */
class Client implements GatherPorts {
  readonly waits = new Set<Wait>();
  /** Waits that were ever begun. */
  begun = 0;

  follow(id: TaskId, ended: Wait['ended']): Following {
    const wait = { id, ended };
    this.waits.add(wait);
    this.begun += 1;
    return { id, leave: () => void this.waits.delete(wait) };
  }

  /** Ends tasks, one after the other; all waits for one. */
  end(...results: TaskResult[]): void {
    for (const result of results)
      for (const wait of this.waits) if (wait.id === result.id) this.tell(wait, result);
  }

  tell(wait: Wait, outcome: TaskResult | Error): void {
    this.waits.delete(wait);
    wait.ended(outcome);
  }
}

const facts = (id: string) => ({ id, type: 'repeater', attempts: 1, pushedAt: new Date(0) });
const completed = (id: string): TaskResult => ({ status: 'completed', value: id, ...facts(id) });
const failed = (id: string): TaskResult => ({
  status: 'failed',
  failure: { name: 'Error', message: 'no', code: 'HANDLER_FAILED' },
  ...facts(id),
});
const unknown = (id: string): TaskResult => ({ status: 'unknown', id });

async function read(results: AsyncIterable<TaskResult>, seen: TaskResult[] = []) {
  for await (const result of results) seen.push(result);
  return seen;
}

/** All three, as something that is awaited. */
const doors = [
  { door: 'waitAll', wait: waitAll },
  { door: 'waitAny', wait: waitAny },
  {
    door: 'asCompleted',
    wait: async (ids: readonly TaskId[], options: WaitManyOptions, ports: GatherPorts) =>
      read(asCompleted(ids, options, ports)),
  },
];

describe('waitAll', () => {
  test('gives the results in the order of the ids, however tasks end, and in whatever order', async () => {
    const client = new Client();
    const results = waitAll(['a', 'b', 'c', 'a'], {}, client);
    await nextTurn();
    expect(client.waits.size).toBe(4);
    client.end(unknown('c'));
    await nextTurn();
    client.end(failed('b'), completed('a'));
    expect(await results).toEqual([completed('a'), failed('b'), unknown('c'), completed('a')]);
  });

  test('of nothing is nothing', async () => {
    expect(await waitAll([], {}, new Client())).toEqual([]);
  });
});

describe('waitAny', () => {
  test.each([completed('b'), failed('b')])('gives the first to end: %j', async (first) => {
    const client = new Client();
    const result = waitAny(['a', 'b', 'c'], {}, client);
    await nextTurn();
    client.end(first);
    expect(await result).toEqual(first);
    expect(client.waits.size).toBe(0);
  });

  test('an unknown id does not count while another is open', async () => {
    const client = new Client();
    const result = waitAny(['a', 'b'], {}, client);
    await nextTurn();
    client.end(unknown('a'));
    await nextTurn();
    client.end(failed('b'));
    expect(await result).toEqual(failed('b'));
  });

  test('when all are unknown, the first is the answer', async () => {
    const client = new Client();
    const result = waitAny(['a', 'b'], {}, client);
    await nextTurn();
    client.end(unknown('b'), unknown('a'));
    expect(await result).toEqual(unknown('a'));
  });

  test('of nothing is refused', async () => {
    await expect(waitAny([], {}, new Client())).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });
});

describe('asCompleted', () => {
  test('gives results in the order in which tasks end, and each of two same ids', async () => {
    const client = new Client();
    const results = read(asCompleted(['a', 'b', 'a'], {}, client));
    await nextTurn();
    client.end(failed('b'));
    await nextTurn();
    client.end(completed('a'));
    expect(await results).toEqual([failed('b'), completed('a'), completed('a')]);
  });

  test('waits for nothing before it is asked; left, it ends all waits', async () => {
    const client = new Client();
    const results = asCompleted(['a', 'b', 'c'], {}, client);
    await nextTurn();
    expect([client.waits.size, vi.getTimerCount()]).toEqual([0, 0]);
    const first = results.next();
    client.end(completed('b'));
    expect((await first).value).toEqual(completed('b'));
    await results.return();
    await nextTurn();
    expect(client.waits.size).toBe(0);
    expect(await results.next()).toEqual({ done: true, value: undefined });
  });

  test('gives what had ended before the time was up, and then tells that it is', async () => {
    const client = new Client();
    const results = asCompleted(['a', 'b', 'c'], {}, client);
    const first = results.next();
    client.end(completed('b'));
    await first;
    client.end(completed('a'));
    await vi.advanceTimersByTimeAsync(30_000);
    expect((await results.next()).value).toEqual(completed('a'));
    await expect(results.next()).rejects.toMatchObject({ code: 'WAIT_TIMEOUT', taskId: 'c' });
  });

  test('a slow consumer does not run out of time when all tasks have ended', async () => {
    const client = new Client();
    const results = asCompleted(['a', 'b'], {}, client);
    const first = results.next();
    client.end(completed('b'), completed('a'));
    await first;
    await vi.advanceTimersByTimeAsync(60_000);
    expect((await results.next()).value).toEqual(completed('a'));
    expect((await results.next()).done).toBe(true);
  });

  test('does not heed what becomes of the array of ids', async () => {
    const client = new Client();
    const ids = ['a'];
    const results = asCompleted(ids, {}, client);
    ids.length = 0;
    const first = results.next();
    client.end(completed('a'));
    expect((await first).value).toEqual(completed('a'));
  });

  test('of nothing ends at once', async () => {
    expect(await read(asCompleted([], {}, new Client()))).toEqual([]);
  });

  test('refuses at once what is wrong, not at the first next()', () => {
    expect(() => asCompleted(['a'], { timeout: 0 }, new Client())).toThrow('timeout');
  });
});

describe.each(doors)('$door', ({ wait }) => {
  test('is told which id is first of the open ones when the time is up', async () => {
    const client = new Client();
    const given = { timeout: '1s' } as const;
    const end = wait(['a', 'b', 'c'], given, client).catch((error: unknown) => error);
    await nextTurn();
    client.end(unknown('a'));
    await vi.advanceTimersByTimeAsync(999);
    expect(client.waits.size).toBe(2);
    await vi.advanceTimersByTimeAsync(1);
    const error = await end;
    expect(error).toBeInstanceOf(WaitTimeoutError);
    expect(error).toMatchObject({
      code: 'WAIT_TIMEOUT',
      taskId: 'b',
      timeoutMs: 1_000,
      details: { done: 1, total: 3 },
    });
    expect(client.waits.size).toBe(0);
  });

  test('waits 30 s unless told otherwise', async () => {
    const end = wait(['a'], {}, new Client()).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await end).toMatchObject({ timeoutMs: 30_000 });
  });

  test('an abort ends it, and nothing stays', async () => {
    const client = new Client();
    const stop = new AbortController();
    const end = wait(['a', 'b'], { signal: stop.signal }, client).catch((error: unknown) => error);
    await nextTurn();
    client.end(unknown('b'));
    await nextTurn();
    stop.abort('enough');
    const details = { done: 1, total: 2 };
    expect(await end).toMatchObject({ code: 'WAIT_ABORTED', cause: 'enough', details });
    expect(client.waits.size).toBe(0);
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });

  test('a signal aborted before: no wait begins', async () => {
    const client = new Client();
    const end = wait(['a'], { signal: AbortSignal.abort('enough') }, client);
    const details = { done: 0, total: 1 };
    await expect(end).rejects.toMatchObject({ code: 'WAIT_ABORTED', cause: 'enough', details });
    expect(client.begun).toBe(0);
  });

  test('an outcome that cannot be had ends it with that error, and all waits', async () => {
    const client = new Client();
    const closed = new GoflowError('CLIENT_CLOSED', 'the client is closed');
    const end = expect(wait(['a', 'b', 'c'], {}, client)).rejects.toBe(closed);
    await nextTurn();
    for (const open of client.waits) if (open.id === 'b') client.tell(open, closed);
    await end;
    expect(client.waits.size).toBe(0);
  });

  test('when all is done nothing stays', async () => {
    const client = new Client();
    const { signal } = new AbortController();
    const end = wait(['a', 'b'], { signal }, client);
    await nextTurn();
    client.end(completed('a'), completed('b'));
    await end;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['a timeout of 0', { timeout: 0 }],
    ['an odd timeout', { timeout: '5x' }],
    ['a timeout beyond any timer', { timeout: 2 ** 31 }],
    ['an odd signal', { signal: 'stop' }],
    ['a misspelt name', { timeOut: 5 }],
  ])('refuses %s', async (_what, options) => {
    const end = async () => wait(['a'], options as WaitManyOptions, new Client());
    await expect(end()).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  test.each([undefined, 'a', { 0: 'a' }])('%j are no ids', async (ids) => {
    const end = async () => wait(ids as unknown as TaskId[], {}, new Client());
    await expect(end()).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });
});
