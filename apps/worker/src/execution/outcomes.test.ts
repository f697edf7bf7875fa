import { createFakeClock } from '@goflow/broker/memory';
import {
  GoflowError,
  NonRetryableError,
  RetryLaterError,
  type TakenTask,
  type TaskFailure,
  type Verdict,
} from '@goflow/shared';
import { expect, test } from 'vitest';
import { outcomeOf, timeOver } from './outcomes.js';
import { contractOfA, openLogger, takenTask } from './rig.test-d.js';

const START = 1_800_000_000_000;
const ISO = '2027-01-15T08:00:00.000Z';
const cyclic = new Error('round and round');
cyclic.cause = new Error('inner', { cause: cyclic });

const trap = (): never => {
  throw new Error('a trap');
};
const hostile = new Proxy(new Error('x'), { get: trap, has: trap, getPrototypeOf: trap });

test.each([
  [
    'an error',
    new RangeError('far'),
    { name: 'RangeError', message: 'far', code: 'HANDLER_FAILED' },
  ],
  ['an error with a code', Object.assign(new Error('x'), { code: 'ENOENT' }), { code: 'ENOENT' }],
  ['a cyclic cause', cyclic, { message: 'round and round', cause: { message: 'inner' } }],
  ['a string', 'just a string', { name: 'NonErrorThrown', message: 'just a string' }],
  ['null', null, { name: 'NonErrorThrown', message: 'null' }],
  ['undefined', undefined, { name: 'NonErrorThrown' }],
  ['an object', { message: 'almost an error' }, { message: 'almost an error' }],
  ['a frozen object', Object.freeze({ a: 1 }), {}],
  ['a proxy whose traps throw', hostile, {}],
  [
    'an error of a push in it',
    new GoflowError('PAYLOAD_INVALID', 'x'),
    { code: 'PAYLOAD_INVALID' },
  ],
])('%s thrown: tried again, with the failure told', (_what, thrown, failure) => {
  const outcome = outcomeFor(thrown, {}, { backoff: 70 });
  expect(outcome).toMatchObject({ kind: 'retry', delayMs: 70, failure });
  expect(JSON.parse(JSON.stringify(outcome))).toEqual(outcome);
});

test('the wait grows by the backoff of the contract, or is that of the push', () => {
  const contract = { backoff: { type: 'exponential', delay: 100 }, maxAttempts: 9 } as const;
  expect(outcomeFor('x', { attempt: 1 }, contract)).toMatchObject({ delayMs: 100 });
  expect(outcomeFor('x', { attempt: 4 }, contract)).toMatchObject({ delayMs: 800 });
  const backoff = { type: 'fixed', delayMs: 5, jitter: 0, maxDelayMs: 10 } as const;
  expect(outcomeFor('x', { attempt: 4, backoff }, contract)).toMatchObject({ delayMs: 5 });
});

test.each([
  ['of the contract', { attempt: 3 }, { maxAttempts: 3 }],
  ['of the push, which allows fewer', { attempt: 1, maxAttempts: 1 }, { maxAttempts: 9 }],
  ['already passed', { attempt: 7 }, { maxAttempts: 3 }],
])('the last attempt %s fails for good, whatever was thrown', (_what, task, contract) => {
  expect(outcomeFor('x', task, contract)).toMatchObject({
    kind: 'failed',
    failure: { message: 'x' },
  });
  const later = new RetryLaterError('not now', { delay: '1s' });
  expect(outcomeFor(later, task, contract)).toMatchObject({
    kind: 'failed',
    failure: { code: 'RETRY_LATER' },
  });
});

test('the push may allow more attempts than the contract', () => {
  expect(outcomeFor('x', { attempt: 3, maxAttempts: 4 }, { maxAttempts: 1 }).kind).toBe('retry');
});

test('NonRetryableError fails at once, even that of another copy of goflow', () => {
  const about = { code: 'NON_RETRYABLE', details: { card: 'visa' } };
  const foreign = Object.assign(new Error('expired'), about, {
    [Symbol.for('goflow.error')]: true,
  });
  for (const error of [new NonRetryableError('expired', about), foreign])
    expect(outcomeFor(error)).toMatchObject({
      kind: 'failed',
      failure: { ...about, message: 'expired' },
    });
});

test('a code alone does not make an error goflow’s', () => {
  const lookalike = Object.assign(new Error('x'), { code: 'NON_RETRYABLE' });
  expect(outcomeFor(lookalike).kind).toBe('retry');
  const snoozing = Object.assign(new Error('x'), {
    code: 'RETRY_LATER',
    delayMs: 9,
    counted: false,
  });
  expect(outcomeFor(snoozing, {}, { backoff: 70 })).toMatchObject({ kind: 'retry', delayMs: 70 });
});

test('RetryLaterError decides its own delay; without one the backoff does', () => {
  const error = new RetryLaterError('rate limited', { delay: '90s' });
  const failure = { code: 'RETRY_LATER' };
  expect(outcomeFor(error)).toMatchObject({ kind: 'retry', delayMs: 90_000, failure });
  const made = new GoflowError('RETRY_LATER', 'made by its code');
  expect(outcomeFor(made, {}, { backoff: 70 })).toMatchObject({
    kind: 'retry',
    delayMs: 70,
    failure,
  });
});

test('RetryLaterError that is not counted snoozes: no attempt is spent, not even the last', () => {
  const snooze = new RetryLaterError('not yet', { delay: '90s', counted: false });
  for (const attempt of [1, 3, 9])
    expect(outcomeFor(snooze, { attempt }, { maxAttempts: 3 })).toEqual({
      kind: 'handed-back',
      reason: 'snoozed',
      delayMs: 90_000,
    });
});

test('a backoff may be a function of the attempt and its failure', () => {
  const seen: unknown[] = [];
  const backoff = (attempt: number, failure: TaskFailure) => {
    seen.push([attempt, failure.message]);
    return '1.5s' as const;
  };
  expect(outcomeFor(new Error('why'), { attempt: 2 }, { backoff })).toMatchObject({
    kind: 'retry',
    delayMs: 1_500,
  });
  expect(seen).toEqual([[2, 'why']]);
});

test('the backoff of the push goes before the function of the contract', () => {
  const backoff = { type: 'fixed', delayMs: 5, jitter: 0, maxDelayMs: 10 } as const;
  expect(outcomeFor('x', { backoff }, { backoff: () => trap() })).toMatchObject({ delayMs: 5 });
});

test.each([
  ['no duration', () => '5x', 'OPTION_INVALID'],
  ['nothing', () => undefined, 'OPTION_INVALID'],
  ['a negative number', () => -1, 'OPTION_INVALID'],
  ['no number', () => Number.NaN, 'OPTION_INVALID'],
  ['more than a timer can wait', () => 2 ** 31, 'OPTION_INVALID'],
  ['a promise', async () => 5, 'OPTION_INVALID'],
  ['an error', () => trap(), 'HANDLER_FAILED'],
])('a backoff function that gives %s is logged, and the default used', (_what, backoff, code) => {
  const logger = openLogger();
  const outcome = outcomeFor('x', { attempt: 1 }, { backoff, logger });
  // The default of the first attempt: 1 s, up to half of it less by chance.
  expect(outcome).toMatchObject({ kind: 'retry', failure: { message: 'x' } });
  const delayMs = outcome.kind === 'retry' ? outcome.delayMs : Number.NaN;
  expect(delayMs).toBeGreaterThanOrEqual(500);
  expect(delayMs).toBeLessThanOrEqual(1_000);
  expect(logger.lines).toMatchObject([
    {
      level: 'error',
      fields: { taskId: 'default:1', failure: { code } },
      message: 'the backoff function gave no wait',
    },
  ]);
});

test('an attempt that would begin after the deadline does not: its failure is the cause', () => {
  const deadline = START + 1_000;
  const late = outcomeFor(new Error('why'), { deadline }, { backoff: 1_000 });
  expect(late).toMatchObject({
    kind: 'failed',
    failure: {
      code: 'TASK_DEADLINE',
      message: 'the task did not complete by 2027-01-15T08:00:01.000Z',
      cause: { message: 'why', code: 'HANDLER_FAILED' },
    },
  });
  expect(outcomeFor('x', { deadline }, { backoff: 999 })).toMatchObject({
    kind: 'retry',
    delayMs: 999,
  });
  const asked = new RetryLaterError('not now', { delay: '2s' });
  expect(outcomeFor(asked, { deadline })).toMatchObject({
    failure: { code: 'TASK_DEADLINE', cause: { code: 'RETRY_LATER' } },
  });
});

test('what fails for good before its deadline keeps its own failure', () => {
  const task = { deadline: START - 1, attempt: 3 };
  expect(outcomeFor(new Error('why'), task)).toMatchObject({
    kind: 'failed',
    failure: { message: 'why' },
  });
});

test.each([
  ['nothing said', {}, undefined],
  ['a moment before startBy', { startBy: START + 1 }, undefined],
  ['at startBy', { startBy: START }, ['expired', 'TASK_EXPIRED']],
  ['long after startBy', { startBy: 1 }, ['expired', 'TASK_EXPIRED']],
  ['started in time, tried again later', { startBy: 1, attempt: 2 }, undefined],
  ['begun in time by a worker that died', { startBy: 1, stalls: 1, wasBegun: true }, undefined],
  ['taken, and lost on its way', { startBy: 1, stalls: 1 }, ['expired', 'TASK_EXPIRED']],
  ['a moment before the deadline', { deadline: START + 1 }, undefined],
  ['at the deadline', { deadline: START }, ['failed', 'TASK_DEADLINE']],
  ['past both', { startBy: 1, deadline: 1 }, ['failed', 'TASK_DEADLINE']],
  ['tried again past the deadline', { deadline: 1, attempt: 2 }, ['failed', 'TASK_DEADLINE']],
])('time is over, or not: %s', (_what, task, end) => {
  const over = timeOver(takenTask(task), START);
  expect(over && [over.kind, over.failure.code]).toEqual(end);
});

test('the end of the time is told as a time', () => {
  expect(timeOver(takenTask({ startBy: START }), START)?.failure.message).toBe(
    `the task was not started by ${ISO}`,
  );
  expect(timeOver(takenTask({ deadline: START }), START)?.failure.message).toBe(
    `the task did not complete by ${ISO}`,
  );
});

function outcomeFor(
  thrown: unknown,
  task: Partial<TakenTask> = {},
  { logger = openLogger(), ...definition }: Given = {},
): Verdict {
  const contract = contractOfA(definition);
  const clock = createFakeClock(START);
  return outcomeOf(thrown, { task: takenTask(task), contract, clock, logger });
}

interface Given {
  readonly logger?: ReturnType<typeof openLogger>;
  readonly maxAttempts?: number;
  readonly backoff?: unknown;
}
