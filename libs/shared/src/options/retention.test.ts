import { expect, test } from 'vitest';
import { MAX_HORIZON_MS, resolveRetention } from './retention.js';

const DAY = 86_400_000;

test('without a word completed tasks are kept for a day, the others for a week', () => {
  expect(resolveRetention(undefined)).toEqual({ completedMs: DAY, failedMs: 7 * DAY });
  expect(resolveRetention({})).toEqual({ completedMs: DAY, failedMs: 7 * DAY });
  const nothing = { completed: undefined, failed: undefined };
  expect(resolveRetention(nothing)).toEqual({ completedMs: DAY, failedMs: 7 * DAY });
});

test('what is left open comes from another one', () => {
  const contract = resolveRetention({ completed: '1h', failed: '30d' });
  expect(contract).toEqual({ completedMs: 3_600_000, failedMs: 30 * DAY });
  expect(resolveRetention(undefined, 'retention', contract)).toBe(contract);
  expect(resolveRetention({ completed: '5m' }, 'retention', contract)).toEqual({
    completedMs: 300_000,
    failedMs: 30 * DAY,
  });
  expect(resolveRetention({ failed: 1 }, 'retention', contract)).toEqual({
    completedMs: 3_600_000,
    failedMs: 1,
  });
});

test('from 1 ms to 366 days, longer than a timer can wait', () => {
  expect(resolveRetention({ completed: 1, failed: '366d' })).toEqual({
    completedMs: 1,
    failedMs: MAX_HORIZON_MS,
  });
  expect(MAX_HORIZON_MS).toBe(31_622_400_000);
});

test('what it gives is frozen', () => {
  for (const given of [undefined, {}, { failed: '1h' }] as const)
    expect(Object.isFrozen(resolveRetention(given))).toBe(true);
});

test.each([
  ['retention', null],
  ['retention', '1h'],
  ['retention', 3_600_000],
  ['retention', true],
  ['retention', () => '1h'],
  ['retention', { done: '1h' }],
  ['retention', { completed: '1h', cancelled: '1h' }],
  ['retention', ['1h']],
  ['retention', []],
  ['retention.completed', { completed: null }],
  ['retention.completed', { completed: 0 }],
  ['retention.completed', { completed: -1 }],
  ['retention.completed', { completed: Number.NaN }],
  ['retention.completed', { completed: Number.POSITIVE_INFINITY }],
  ['retention.completed', { completed: '5x' }],
  ['retention.completed', { completed: '0s' }],
  ['retention.completed', { completed: '367d' }],
  ['retention.completed', { completed: MAX_HORIZON_MS + 1 }],
  ['retention.completed', { completed: { age: 5 } }],
  ['retention.failed', { completed: '1h', failed: '1 d' }],
  ['retention.failed', { failed: 1n }],
])('refuses a wrong %s: %s', (option, given) => {
  const resolve = () => resolveRetention(given as never);
  expect(resolve).toThrow(
    expect.objectContaining({
      code: 'OPTION_INVALID',
      details: expect.objectContaining({ option }),
    }),
  );
});

test('the name of the option is that of the caller', () => {
  expect(() => resolveRetention({ failed: '5x' as never }, 'a.retention')).toThrow(
    'Expected `a.retention.failed`',
  );
});
