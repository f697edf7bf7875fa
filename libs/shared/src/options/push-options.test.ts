import { expect, test } from 'vitest';
import { resolvePushOptions } from './push-options.js';
import { MAX_HORIZON_MS } from './retention.js';

const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

test('holds only what was given', () => {
  expect(resolvePushOptions(undefined)).toStrictEqual({});
  expect(resolvePushOptions({})).toStrictEqual({});
  expect(resolvePushOptions({ delay: undefined, priority: undefined })).toStrictEqual({});
  expect(resolvePushOptions({ delay: 0, priority: 0 })).toStrictEqual({ delayMs: 0, priority: 0 });
});

test('undefined is as good as not given, for every option', () => {
  const nothing = {
    delay: undefined,
    runAt: undefined,
    priority: undefined,
    maxAttempts: undefined,
    backoff: undefined,
    timeout: undefined,
    startBy: undefined,
    deadline: undefined,
    tags: undefined,
    retention: undefined,
    id: undefined,
    deduplicationKey: undefined,
    deduplicationWindow: undefined,
    traceparent: undefined,
  };
  expect(resolvePushOptions(nothing)).toStrictEqual({});
});

test('no options are always the same object', () => {
  const none = resolvePushOptions(undefined);
  expect(resolvePushOptions({})).toBe(none);
  expect(resolvePushOptions({ delay: undefined })).toBe(none);
  expect(resolvePushOptions({ delay: 0 })).not.toBe(none);
});

test('resolves each option', () => {
  expect(
    resolvePushOptions({ delay: '10m', priority: 2 ** 21, maxAttempts: 1_000, backoff: '3s' }),
  ).toStrictEqual({
    delayMs: 600_000,
    priority: 2_097_152,
    maxAttempts: 1_000,
    backoff: { type: 'fixed', delayMs: 3_000, jitter: 0, maxDelayMs: 2 ** 31 - 1 },
  });
  const retention = { failed: '30d' } as const;
  expect(
    resolvePushOptions({
      runAt: new Date(1_700_000_000_000),
      timeout: '30s',
      startBy: '366d',
      deadline: 1,
      tags: ['a', 'b', 'a'],
      retention,
      deduplicationKey: 'k',
      deduplicationWindow: { throttle: '1h' },
      traceparent: TRACE,
    }),
  ).toStrictEqual({
    runAt: 1_700_000_000_000,
    timeoutMs: 30_000,
    startByMs: MAX_HORIZON_MS,
    deadlineMs: 1,
    tags: ['a', 'b'],
    retention,
    deduplication: { key: 'k', mode: 'throttle', windowMs: 3_600_000 },
    traceparent: TRACE,
  });
  expect(resolvePushOptions({ id: 'order 4711' })).toStrictEqual({ id: 'order 4711' });
});

test('a time may be past or far ahead: the clock of the broker judges that, not this one', () => {
  for (const runAt of [0, 1, 8.64e15])
    expect(resolvePushOptions({ runAt: new Date(runAt) })).toStrictEqual({ runAt });
});

test('a throttle or a plain key may be delayed; what is debounced has a delay of its own', () => {
  const key = { deduplicationKey: 'k' };
  expect(resolvePushOptions({ ...key, delay: '1s' })).toMatchObject({ delayMs: 1_000 });
  const throttled = {
    ...key,
    deduplicationWindow: { throttle: '1s' },
    runAt: new Date(5),
  } as const;
  expect(resolvePushOptions(throttled)).toMatchObject({ runAt: 5 });
});

/** What is refused, by the name that the message uses. */
const REFUSED: Readonly<Record<string, readonly unknown[]>> = {
  options: [null, 'fast', 5, true],
  'push options': [{ jobId: '5' }, { attempts: 5 }, { timeoutMs: 5 }, ['delay']],
  delay: [
    { delay: '1 minute' },
    { delay: '5x' },
    { delay: -1 },
    { delay: Number.NaN },
    { delay: 2 ** 31 },
    { delay: '25d' },
    { delay: null },
    // A debounced task waits for its window.
    { delay: '1s', deduplicationKey: 'k', deduplicationWindow: { debounce: '1s' } },
    { delay: 0, deduplicationKey: 'k', deduplicationWindow: { debounce: '1s' } },
  ],
  runAt: [
    { runAt: new Date(Number.NaN) },
    { runAt: new Date(-1) },
    { runAt: Date.now() },
    { runAt: '2027-01-01T00:00:00Z' },
    { runAt: '5m' },
    { runAt: null },
    { runAt: { getTime: () => 5 } },
    { runAt: new Date(), delay: '1s' },
    { runAt: new Date(), delay: 0 },
    { runAt: new Date(), deduplicationKey: 'k', deduplicationWindow: { debounce: '1s' } },
  ],
  priority: [
    { priority: -1 },
    { priority: 2 ** 21 + 1 },
    { priority: 1.5 },
    { priority: Number.NaN },
    { priority: '1' },
  ],
  maxAttempts: [
    { maxAttempts: 0 },
    { maxAttempts: 1_001 },
    { maxAttempts: Number.POSITIVE_INFINITY },
  ],
  backoff: [{ backoff: '5x' }, { backoff: -1 }, { backoff: () => 5 }],
  'backoff.type': [{ backoff: {} }],
  timeout: [
    { timeout: 0 },
    { timeout: '5x' },
    { timeout: -1 },
    { timeout: Number.NaN },
    { timeout: 2 ** 31 },
  ],
  startBy: [
    { startBy: 0 },
    { startBy: '5x' },
    { startBy: -5 },
    { startBy: Number.NaN },
    { startBy: '367d' },
    { startBy: new Date() },
  ],
  deadline: [
    { deadline: 0 },
    { deadline: '5x' },
    { deadline: -5 },
    { deadline: Number.NaN },
    { deadline: '367d' },
    { deadline: new Date() },
  ],
  tags: [
    { tags: 'eu' },
    { tags: [''] },
    { tags: [5] },
    { tags: ['x'.repeat(65)] },
    { tags: Array.from({ length: 11 }, String) },
    { tags: null },
  ],
  retention: [{ retention: '1h' }, { retention: null }, { retention: { done: '1h' } }],
  'retention.completed': [{ retention: { completed: 0 } }, { retention: { completed: '5x' } }],
  'retention.failed': [{ retention: { failed: '367d' } }],
  id: [{ id: '' }, { id: 'x'.repeat(257) }, { id: 'x'.repeat(10_000) }, { id: 5 }, { id: null }],
  deduplicationKey: [
    { deduplicationKey: '' },
    { deduplicationKey: 'x'.repeat(10_000) },
    { deduplicationKey: 5 },
    // Two ways of being the same task would contradict each other.
    { deduplicationKey: 'k', id: 'i' },
    { deduplicationKey: 'k', id: 'i', deduplicationWindow: { debounce: '1s' } },
  ],
  deduplicationWindow: [
    { deduplicationWindow: { throttle: '1s' } },
    { deduplicationWindow: { debounce: '1s' }, id: 'i' },
    { deduplicationKey: 'k', deduplicationWindow: {} },
    { deduplicationKey: 'k', deduplicationWindow: '1s' },
  ],
  'deduplicationWindow.debounce': [
    { deduplicationKey: 'k', deduplicationWindow: { debounce: '5x' } },
    { deduplicationKey: 'k', deduplicationWindow: { debounce: 0 } },
  ],
  traceparent: [
    { traceparent: '' },
    { traceparent: 5 },
    { traceparent: null },
    { traceparent: 'x'.repeat(10_000) },
    { traceparent: TRACE.toUpperCase() },
    { traceparent: ` ${TRACE}` },
    { traceparent: `${TRACE}\n` },
    { traceparent: `${TRACE}-more` },
    { traceparent: TRACE.slice(3) },
    { traceparent: TRACE.replace('a', 'g') },
    // There is no version ff, and an id of zeros is none.
    { traceparent: `ff${TRACE.slice(2)}` },
    { traceparent: TRACE.replaceAll('a', '0') },
    { traceparent: TRACE.replaceAll('b', '0') },
  ],
};

const refusals = Object.entries(REFUSED).flatMap(([option, all]) =>
  all.map((given) => ({ option, given })),
);

test.each(refusals)('refuses a wrong $option: $given', ({ option, given }) => {
  const resolve = () => resolvePushOptions(given as never);
  expect(resolve).toThrow(
    expect.objectContaining({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(`Expected \`${option}\``),
    }),
  );
  expect(resolve).toThrow(/^.{0,300}$/s);
});

test('says what was probably meant', () => {
  const resolve = (given: object) => () => resolvePushOptions(given);
  expect(resolve({ dealy: '5s' })).toThrow(/got "dealy" \(string\); did you mean "delay"\?$/);
  expect(resolve({ nothing: 1 })).toThrow(/got "nothing" \(string\)$/);
});
