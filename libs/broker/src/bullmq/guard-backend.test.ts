import type { RedisQueueBackend } from 'bullmq';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { guardBackend } from './guard-backend.js';

const oom = (): Error =>
  Object.assign(new Error('OOM command not allowed'), { name: 'ReplyError' });

/** Stands in for BullMQ's backend, whose calls only Redis in distress makes fail: that is in test/src/redis. */
function fake(answers: (() => unknown)[]) {
  let calls = 0;
  const call = async (): Promise<unknown> => {
    const answer = answers[Math.min(calls, answers.length - 1)];
    calls += 1;
    return answer?.();
  };
  const names = [
    'moveToActive',
    'moveToFinished',
    'moveToDelayed',
    'retryJob',
    'moveJobFromActiveToWait',
  ];
  const backend = Object.fromEntries(
    names.map((name) => [name, call]),
  ) as unknown as RedisQueueBackend;
  return { backend, calls: () => calls };
}

const fails = (error: Error) => () => {
  throw error;
};

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const guard = (backend: RedisQueueBackend, quiet = false, controller = new AbortController()) => {
  const reported: unknown[] = [];
  guardBackend(backend, {
    signal: controller.signal,
    quiet: () => quiet,
    report: (error) => reported.push(error),
    alive: () => undefined,
  });
  return { reported, controller };
};

test('an error that has nothing to do with the state of Redis is thrown at once', async () => {
  const { backend, calls } = fake([fails(new Error('Missing lock'))]);
  guard(backend);
  await expect(backend.retryJob('id', false)).rejects.toThrow('Missing lock');
  expect(calls()).toBe(1);
});

test('taking is given up while nothing is to be taken', async () => {
  const { backend, calls } = fake([fails(oom())]);
  const { reported } = guard(backend, true);
  expect(await backend.moveToActive('token')).toEqual([]);
  expect(calls()).toBe(1);
  expect(reported).toHaveLength(1);
});

test('a closing consumer waits no more', async () => {
  const { backend } = fake([fails(oom())]);
  const controller = new AbortController();
  guard(backend, false, controller);
  const call = expect(backend.retryJob('id', false)).rejects.toThrow('OOM');
  controller.abort();
  await call;
});

test('a version of BullMQ without these calls is refused', () => {
  expect(() => guard({} as RedisQueueBackend)).toThrow('not the version');
});

test('a busy worker, which takes tasks with the end of others, is seen to be alive', async () => {
  const { backend } = fake([() => []]);
  const alive = vi.fn();
  const { signal } = new AbortController();
  guardBackend(backend, { signal, quiet: () => false, report: () => undefined, alive });
  await backend.moveToFinished('id', [] as never);
  expect(alive).toHaveBeenCalledOnce();
});
