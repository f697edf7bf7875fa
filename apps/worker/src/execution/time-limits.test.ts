import { createFakeClock } from '@goflow/broker/memory';
import { ENVELOPE_VERSION, SILENT_LOGGER, type TakenTask, type Verdict } from '@goflow/shared';
import { expect, test } from 'vitest';
import type { AnyHandler } from '../handlers/handler.js';
import { executeTask } from './execute-task.js';
import { contractOfA, takenTask } from './rig.test-d.js';

const START = 1_800_000_000_000;

/** Runs a task, of a type with a timeout of 1 s and a backoff of 70 ms, on a clock that the test turns. */
function running(handler: AnyHandler, given: Partial<TakenTask> = {}) {
  const clock = createFakeClock(START);
  const task = takenTask(given);
  const abandoned: TakenTask[] = [];
  const verdicts: Verdict[] = [];
  const contract = contractOfA({ timeout: '1s', backoff: 70 });
  const ended = executeTask(task, {
    tasks: { contracts: new Map([['a', contract]]), definitions: {} },
    clock,
    handlerOf: () => handler,
    routing: {
      clock,
      unroutableAfterMs: 1_000,
      lookingSince: () => 0,
      lastAdvertised: async () => undefined,
    },
    logger: SILENT_LOGGER,
    resultLimit: 100,
    compressAbove: Number.POSITIVE_INFINITY,
    cipher: undefined,
    envelopeVersion: ENVELOPE_VERSION,
    results: undefined,
    onAbandoned: (one) => abandoned.push(one),
  });
  void ended.then((verdict) => verdicts.push(verdict));
  return { clock, task, abandoned, verdicts };
}

const never = (): Promise<never> => new Promise(() => undefined);

test('an attempt that takes too long frees its slot and aborts the signal; a handler that still goes on a second later is abandoned', async () => {
  const { clock, task, abandoned, verdicts } = running(never);
  await clock.advance(999);
  expect([verdicts, abandoned, task.isAborted]).toEqual([[], [], false]);
  await clock.advance(1);
  expect(verdicts).toMatchObject([
    {
      kind: 'retry',
      delayMs: 70,
      failure: { code: 'TASK_TIMEOUT', message: 'attempt 1 ran longer than 1000 ms' },
    },
  ]);
  expect(task.signal.reason).toMatchObject({ code: 'TASK_TIMEOUT' });
  await clock.advance(999);
  expect(abandoned).toEqual([]);
  await clock.advance(1);
  expect(abandoned).toEqual([task]);
});

test('a handler that heeds the signal is not abandoned, with what it has to tidy up', async () => {
  const { clock, abandoned, verdicts } = running(async (_payload, { signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    await new Promise<void>((resolve) => clock.after(900, resolve));
  });
  await clock.advance(1_000);
  expect(verdicts).toMatchObject([{ failure: { code: 'TASK_TIMEOUT' } }]);
  await clock.advance(900);
  expect(clock.timers).toBe(0);
  await clock.advance(10_000);
  expect([abandoned, verdicts.length]).toEqual([[], 1]);
});

test('the timeout of the push goes before that of the contract, longer or shorter', async () => {
  const shorter = running(never, { timeoutMs: 5 });
  await shorter.clock.advance(5);
  expect(shorter.verdicts).toMatchObject([{ failure: { code: 'TASK_TIMEOUT' } }]);
  const longer = running(never, { timeoutMs: 5_000 });
  await longer.clock.advance(4_999);
  expect(longer.verdicts).toEqual([]);
  await longer.clock.advance(1);
  expect(longer.verdicts).toHaveLength(1);
});

test('a deadline ends an attempt that would still have time, and the task for good', async () => {
  const { clock, task, abandoned, verdicts } = running(never, { deadline: START + 400 });
  await clock.advance(399);
  expect(verdicts).toEqual([]);
  await clock.advance(1);
  expect(verdicts).toMatchObject([{ kind: 'failed', failure: { code: 'TASK_DEADLINE' } }]);
  // This attempt was begun, and counts.
  expect(verdicts[0]).not.toHaveProperty('isUnspent');
  expect(task.signal.reason).toMatchObject({ code: 'TASK_DEADLINE' });
  await clock.advance(1_000);
  expect(abandoned).toEqual([task]);
});

test('a timeout whose next attempt would begin after the deadline ends the task, the timeout is the cause', async () => {
  const { clock, verdicts } = running(never, { deadline: START + 1_050 });
  await clock.advance(1_000);
  expect(verdicts).toMatchObject([
    {
      kind: 'failed',
      failure: { code: 'TASK_DEADLINE', cause: { code: 'TASK_TIMEOUT' } },
    },
  ]);
});

test('an attempt that ends in time leaves no timer behind', async () => {
  const { clock, verdicts, abandoned } = running(async () => 'done');
  await clock.advance(0);
  expect(verdicts).toEqual([{ kind: 'completed', resultJson: '"done"' }]);
  expect(clock.timers).toBe(0);
  await clock.advance(10_000);
  expect(abandoned).toEqual([]);
});

test('a task that was aborted otherwise does not time out as well', async () => {
  const { clock, task, abandoned, verdicts } = running(never);
  task.abort(new Error('cancelled'));
  await clock.advance(1_000);
  // Its consumer has ended it already, and drops this.
  expect(verdicts).toEqual([{ kind: 'handed-back', reason: 'stopping', delayMs: 0 }]);
  expect(abandoned).toEqual([]);
  expect(task.signal.reason).toMatchObject({ message: 'cancelled' });
});

test('what an abandoned handler does later changes nothing', async () => {
  let late = (_error: Error): void => undefined;
  const handler = () => new Promise((_resolve, reject) => (late = reject));
  const { clock, verdicts } = running(handler, { attempt: 3 });
  await clock.advance(1_000);
  expect(verdicts).toMatchObject([{ kind: 'failed', failure: { code: 'TASK_TIMEOUT' } }]);
  // Were it not dropped, it would be an unhandled rejection, and vitest fails the run for one.
  late(new Error('too late'));
  await clock.advance(1);
  expect(verdicts).toHaveLength(1);
});
