import {
  defineTasks,
  GoflowError,
  NonRetryableError,
  RetryLaterError,
  type TakenTask,
  type TaskOutcome,
} from '@goflow/shared';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { handBackDelayMs, outcomeOf } from './outcomes.js';

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

test('what nobody here can run stays away longer each time, at most half a minute', () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 1_000_000].map(handBackDelayMs);
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

function outcomeFor(
  thrown: unknown,
  task: Partial<TakenTask> = {},
  definition: object = {},
): TaskOutcome {
  const tasks = defineTasks({ a: { payload: z.any(), result: z.any(), ...definition } });
  const contract = tasks.contracts.get('a');
  if (!contract) throw new Error('there is no contract of a');
  return outcomeOf(thrown, { attempt: 1, ...task } as TakenTask, contract);
}
