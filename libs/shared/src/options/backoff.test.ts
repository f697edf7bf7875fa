import { expect, test } from 'vitest';
import { backoffDelayMs, DEFAULT_BACKOFF, resolveBackoff } from './backoff.js';

const delays = (given: Parameters<typeof resolveBackoff>[0], attempts: number, random = 0) =>
  Array.from({ length: attempts }, (_, index) =>
    backoffDelayMs(resolveBackoff(given), index + 1, random),
  );

test('without a word it is exponential from 1 s, half of it by chance, up to 1 h', () => {
  expect(resolveBackoff(undefined)).toBe(DEFAULT_BACKOFF);
  expect(delays(undefined, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect(delays(undefined, 20).at(-1)).toBe(3_600_000);
});

test('exponential doubles up to maxDelay', () => {
  const backoff = { type: 'exponential', delay: '1s', maxDelay: '5s' } as const;
  expect(delays(backoff, 6)).toEqual([1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
});

test('fixed stays the same', () => {
  expect(delays({ type: 'fixed', delay: 70 }, 3)).toEqual([70, 70, 70]);
  expect(delays('2s', 3)).toEqual([2_000, 2_000, 2_000]);
  expect(delays(5, 2)).toEqual([5, 5]);
});

test('a delay longer than the default cap is not cut', () => {
  expect(delays({ type: 'fixed', delay: '2h' }, 2)).toEqual([7_200_000, 7_200_000]);
  expect(delays({ type: 'exponential', delay: '2h' }, 2)).toEqual([7_200_000, 7_200_000]);
});

test.each([0, 0.25, 0.5, 1])('jitter %d takes at most that share away', (jitter) => {
  const backoff = resolveBackoff({ type: 'exponential', delay: 8_000, jitter });
  expect(backoffDelayMs(backoff, 1, 0)).toBe(8_000);
  for (const random of [0.1, 0.5, 0.9, 1 - Number.EPSILON]) {
    const delay = backoffDelayMs(backoff, 1, random);
    expect(delay).toBeGreaterThanOrEqual(8_000 * (1 - jitter));
    expect(delay).toBeLessThanOrEqual(8_000);
    expect(delay).toBe(Math.round(8_000 * (1 - jitter * random)));
  }
});

test('every delay of a thousand attempts is a whole number that a timer can wait', () => {
  for (const delay of [0, 1, '24d'] as const)
    for (const ms of delays(
      { type: 'exponential', delay, jitter: 1, maxDelay: '24d' },
      1_000,
      0.3,
    )) {
      expect(Number.isInteger(ms)).toBe(true);
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(ms).toBeLessThan(2 ** 31);
    }
});

test.each([
  ['backoff', '5x'],
  ['backoff', -1],
  ['backoff', null],
  ['backoff.type', {}],
  ['backoff.type', []],
  ['backoff.type', { type: 'linear', delay: 1 }],
  ['backoff.delay', { type: 'fixed' }],
  ['backoff.delay', { type: 'fixed', delay: '1 s' }],
  ['backoff.jitter', { type: 'fixed', delay: 1, jitter: 1.1 }],
  ['backoff.jitter', { type: 'fixed', delay: 1, jitter: -0.1 }],
  ['backoff.jitter', { type: 'fixed', delay: 1, jitter: Number.NaN }],
  ['backoff.jitter', { type: 'fixed', delay: 1, jitter: '0.5' }],
  ['backoff.maxDelay', { type: 'fixed', delay: 1, maxDelay: 2 ** 31 }],
  ['backoff.maxDelay', { type: 'fixed', delay: '2h', maxDelay: '1h' }],
  ['backoff', { type: 'fixed', delay: 1, factor: 2 }],
])('refuses a wrong %s: %j', (option, given) => {
  expect(() => resolveBackoff(given as never)).toThrow(
    expect.objectContaining({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(`^Expected \`${option}\``),
    }),
  );
});

test('what it gives is frozen', () => {
  for (const given of [undefined, 5, { type: 'fixed', delay: 1 }] as const)
    expect(Object.isFrozen(resolveBackoff(given))).toBe(true);
});
