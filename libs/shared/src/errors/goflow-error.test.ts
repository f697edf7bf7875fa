import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { beforeAll, expect, test, vi } from 'vitest';
import type { ErrorCode } from './error-table.js';
import { GoflowError, isGoflowError, TaskFailedError, WaitTimeoutError } from './goflow-error.js';
import { NonRetryableError, RetryLaterError } from './handler-errors.js';

type Copy = typeof import('./goflow-error.js');
let copy: Copy;

beforeAll(async () => {
  vi.resetModules();
  copy = await import('./goflow-error.js');
});

test('carries code, message, cause and details', () => {
  const cause = new TypeError('why');
  const error = new GoflowError('PAYLOAD_INVALID', 'no', { cause, details: { a: 1 } });
  expect(error).toMatchObject({
    name: 'GoflowError',
    code: 'PAYLOAD_INVALID',
    message: 'no',
    cause,
    details: { a: 1 },
  });
  expect(error).toBeInstanceOf(Error);
  expect('cause' in new GoflowError('INTERNAL', 'x')).toBe(false);
  expect(error.stack).toContain('goflow-error.test.ts');
});

test('knows whether the same call may succeed later', () => {
  expect(new GoflowError('BROKER_UNAVAILABLE', 'x').retryable).toBe(true);
  expect(new GoflowError('PAYLOAD_INVALID', 'x').retryable).toBe(false);
});

test('an error of another copy of the package is recognised, both ways', () => {
  expect(copy.GoflowError).not.toBe(GoflowError);
  const theirs = new copy.WaitTimeoutError('default:x', 5);
  expect(theirs).not.toBeInstanceOf(GoflowError);
  expect(isGoflowError(theirs)).toBe(true);
  expect(isGoflowError(theirs, 'WAIT_TIMEOUT')).toBe(true);
  expect(isGoflowError(theirs, 'WAIT_ABORTED')).toBe(false);
  expect(copy.isGoflowError(new NonRetryableError('x'), 'NON_RETRYABLE')).toBe(true);
});

test('errors of two copies are the same type for the compiler', () => {
  const theirs: GoflowError = new copy.GoflowError('INTERNAL', 'x');
  expect(isGoflowError(theirs)).toBe(true);
});

test.each([
  ['nothing', undefined],
  ['null', null],
  ['a string', 'GoflowError'],
  ['a plain error', new Error('x')],
  ['an error with a code', Object.assign(new Error('x'), { code: 'PAYLOAD_INVALID' })],
  ['something that looks like one', { name: 'GoflowError', code: 'PAYLOAD_INVALID' }],
  ['an error of another realm', runInNewContext('new Error("x")')],
  [
    'a proxy whose traps throw',
    new Proxy(
      {},
      {
        has: () => {
          throw new Error('trap');
        },
      },
    ),
  ],
])('%s is no error of goflow', (_what, value) => {
  expect(isGoflowError(value)).toBe(false);
  expect(isGoflowError(value, 'PAYLOAD_INVALID')).toBe(false);
});

test('the mark is no noise in a log', () => {
  expect(inspect(new GoflowError('INTERNAL', 'x'))).not.toContain('Symbol(goflow.error)');
  expect(Object.getOwnPropertySymbols(new GoflowError('INTERNAL', 'x'))).toEqual([]);
});

test('a failed task tells what its handler threw', () => {
  const failure = { name: 'TypeError', message: 'no', code: 'HANDLER_FAILED' };
  const error = new TaskFailedError('default:x', failure, 3);
  expect(error).toMatchObject({
    name: 'TaskFailedError',
    code: 'TASK_FAILED',
    message: 'task default:x failed: no',
    taskId: 'default:x',
    failure,
    attempts: 3,
  });
});

test('a wait that timed out tells how long it waited', () => {
  expect(new WaitTimeoutError('default:x', 5_000)).toMatchObject({
    name: 'WaitTimeoutError',
    code: 'WAIT_TIMEOUT' satisfies ErrorCode,
    message: 'no outcome of task default:x within 5000 ms; the task goes on',
    timeoutMs: 5_000,
  });
});

test('the short words of handlers', () => {
  expect(new NonRetryableError('card expired', { details: { card: 'visa' } })).toMatchObject({
    name: 'NonRetryableError',
    code: 'NON_RETRYABLE',
    details: { card: 'visa' },
  });
  expect(new RetryLaterError('limited', { delay: '90s' })).toMatchObject({
    name: 'RetryLaterError',
    code: 'RETRY_LATER',
    delayMs: 90_000,
  });
});

test.each([undefined, {}, { delay: '90' }, { delay: -1 }, { delay: 2 ** 31 }])(
  'RetryLaterError refuses %j',
  (options) => {
    expect(() => new RetryLaterError('limited', options as never)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  },
);

test('a failure whose words are encrypted is told by its code', () => {
  const failure = { name: 'TypeError', message: '(encrypted)', code: 'E_CARD' };
  expect(new TaskFailedError('default:x', failure, 1).message).toBe(
    'task default:x failed: E_CARD (encrypted)',
  );
});
