import { toFailure } from '@goflow/shared';
import { expect, test } from 'vitest';
import {
  fromReturnValue,
  fromStored,
  fromStoredBackoff,
  toJob,
  toReturnValue,
  toStackText,
} from './job-codec.js';

const envelope = {
  id: `default:${'A'.repeat(22)}`,
  queue: 'default',
  type: 'repeater',
  payloadJson: '"x"',
  pushedAt: 1,
};

test('only what the push said is stored with a task', () => {
  expect(toJob(envelope, 'A').opts).toEqual({});
  const backoff = { type: 'fixed', delayMs: 5, jitter: 0, maxDelayMs: 9 } as const;
  const all = { ...envelope, delayMs: 1, priority: 2, maxAttempts: 3, backoff, replyTo: 'me' };
  expect(toJob(all, 'A')).toMatchObject({
    id: 'A',
    name: 'repeater',
    data: '"x"',
    timestamp: 1,
    opts: {
      delay: 1,
      priority: 2,
      attempts: 3,
      r: 'me',
      backoff: { type: 'fixed', delay: 5, maxDelay: 9 },
    },
  });
  expect(fromStoredBackoff(toJob(all, 'A').opts.backoff)).toEqual(backoff);
});

test.each([[undefined], [null], ['x'], [{ type: 'custom' }], [{}]])(
  'a backoff that goflow does not know is none: %j',
  (stored) => {
    expect(fromStoredBackoff(stored)).toBeUndefined();
  },
);

test('a backoff of raw BullMQ is read as it is', () => {
  expect(fromStoredBackoff({ type: 'exponential', delay: 7 })).toMatchObject({
    type: 'exponential',
    delayMs: 7,
    jitter: 0,
  });
});

test.each([
  ['null', null],
  ['0', 0],
  ['false', false],
  ['""', ''],
  ['{"a":1}', { a: 1 }],
  [undefined, undefined],
])('the result %s comes back as it was, and is JSON for every other reader', (json, value) => {
  const stored = toReturnValue(json);
  expect(fromReturnValue(stored)).toEqual(value);
  expect(() => JSON.parse(stored) as unknown).not.toThrow();
});

test('a stored result that is no JSON is told as such', () => {
  expect(() => fromReturnValue('{broken')).toThrow(
    expect.objectContaining({ code: 'ENVELOPE_UNREADABLE' }) as Error,
  );
});

test('a failure survives in the stack that BullMQ keeps, which stays readable', () => {
  const failure = toFailure(
    Object.assign(new TypeError('bad\n    goflow: thing'), {
      code: 'E_BAD',
      details: { n: 1 },
      cause: new Error('why'),
    }),
  );
  const stack = toStackText(failure);
  expect(stack.startsWith('TypeError: bad')).toBe(true);
  expect(fromStored(failure.message, JSON.stringify(['an earlier one', stack]))).toEqual(failure);
});

test.each([[null], ['[]'], ['{broken'], ['["a stack of raw BullMQ"]'], ['[1]']])(
  'without a stored failure the reason is all there is: %s',
  (stacks) => {
    expect(fromStored('why', stacks)).toEqual({
      name: 'Error',
      message: 'why',
      code: 'HANDLER_FAILED',
    });
  },
);

test('a stalled task is told as such, not with the failure of an earlier attempt', () => {
  const earlier = toStackText(toFailure(new Error('earlier')));
  expect(
    fromStored('job stalled more than allowable limit', JSON.stringify([earlier])),
  ).toMatchObject({
    code: 'TASK_STALLED',
  });
});
