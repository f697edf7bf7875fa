import { toFailure } from '@goflow/shared';
import { expect, test } from 'vitest';
import {
  engineFailure,
  fromReturnValue,
  fromStored,
  isStoredResult,
  toHistoryField,
  toJob,
  toReturnValue,
  toStackText,
} from './job-codec.js';
import { envelopeOf } from './place.test-d.js';

test('a task is a job: its type is the name, its payload the data, and only what the push said is stored', () => {
  const envelope = envelopeOf({ payloadJson: '{"a":1}', pushedAt: 7 });
  const plain = toJob(envelope, 'A');
  expect(plain).toMatchObject({ id: 'A', name: 'repeater', data: '{"a":1}', timestamp: 7 });
  expect(plain.opts).toEqual({});
  expect(plain).not.toHaveProperty('deduplicationId');
  const backoff = { type: 'fixed', delayMs: 5, jitter: 0, maxDelayMs: 9 } as const;
  const all = { ...envelope, delayMs: 1, priority: 2, maxAttempts: 3, backoff, replyTo: 'me' };
  expect(toJob(all, 'A', 'nonce')).toMatchObject({
    id: 'A',
    opts: {
      delay: 1,
      priority: 2,
      attempts: 3,
      r: 'me',
      n: 'nonce',
      backoff: { type: 'fixed', delay: 5, maxDelay: 9 },
    },
  });
});

test('a key stands where BullMQ looks for it, and in the options', () => {
  const deduplication = { key: 'k', mode: 'throttle', windowMs: 5 } as const;
  expect(toJob(envelopeOf({ deduplication }), 'A')).toMatchObject({
    deduplicationId: 'repeater:k',
    opts: { de: { id: 'repeater:k', ttl: 5 } },
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
  const stored = toReturnValue({ kind: 'completed', resultJson: json });
  expect(fromReturnValue(stored)).toEqual(value);
  expect(() => JSON.parse(stored) as unknown).not.toThrow();
  expect(isStoredResult(stored)).toBe(false);
});

test('a result that lies in the result store is not stored twice, and is JSON for every other reader', () => {
  const stored = toReturnValue({ kind: 'completed', resultJson: '"large"', isStored: true });
  expect(stored).not.toContain('large');
  expect(isStoredResult(stored)).toBe(true);
  expect(fromReturnValue(stored)).toBeUndefined();
  expect(JSON.parse(stored)).toBeNull();
});

test('a result that is not there is none', () => {
  for (const nothing of [null, undefined]) expect(fromReturnValue(nothing)).toBeUndefined();
  for (const other of [null, undefined, '', 'null', 'null ', 5])
    expect(isStoredResult(other)).toBe(false);
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

test('what BullMQ itself gave to a job is told with its code', () => {
  expect(engineFailure(new Error('job stalled more than allowable limit'))).toMatchObject({
    message: 'job stalled more than allowable limit',
    code: 'TASK_STALLED',
  });
  expect(engineFailure(new Error('x'))).toMatchObject({ message: 'x', code: 'HANDLER_FAILED' });
});

test('an ended attempt is one field; the fifty-first takes the place of the first', () => {
  const failure = toFailure(new RangeError('x'.repeat(1_000)));
  const ended = { startedAt: 1, endedAt: 2, worker: 'w', failure };
  const [[name, json] = ['', '']] = Object.entries(toHistoryField({ attempt: 51, ...ended }));
  expect(name).toBe('h1');
  expect(JSON.parse(json)).toEqual([
    51,
    1,
    2,
    'w',
    'RangeError',
    'HANDLER_FAILED',
    'x'.repeat(500),
  ]);
  expect(Object.keys(toHistoryField({ attempt: 1, ...ended }))).toEqual(['h1']);
  const names = Array.from({ length: 50 }, (_, at) =>
    toHistoryField({ attempt: at + 1, ...ended }),
  );
  expect(new Set(names.flatMap((field) => Object.keys(field))).size).toBe(50);
});
