import { expect, test } from 'vitest';
import { resolvePushOptions } from './push-options.js';

test('holds only what was given', () => {
  expect(resolvePushOptions(undefined)).toStrictEqual({});
  expect(resolvePushOptions({})).toStrictEqual({});
  expect(resolvePushOptions({ delay: undefined, priority: undefined })).toStrictEqual({});
  expect(resolvePushOptions({ delay: 0, priority: 0 })).toStrictEqual({ delayMs: 0, priority: 0 });
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
});

test.each([
  ['options', null],
  ['options', 'fast'],
  ['options', 5],
  ['push options', { jobId: '5' }],
  ['push options', { attempts: 5 }],
  ['delay', { delay: '1 minute' }],
  ['delay', { delay: 2 ** 31 }],
  ['delay', { delay: null }],
  ['priority', { priority: -1 }],
  ['priority', { priority: 2 ** 21 + 1 }],
  ['priority', { priority: 1.5 }],
  ['priority', { priority: Number.NaN }],
  ['priority', { priority: '1' }],
  ['maxAttempts', { maxAttempts: 0 }],
  ['maxAttempts', { maxAttempts: 1_001 }],
  ['maxAttempts', { maxAttempts: Number.POSITIVE_INFINITY }],
  ['backoff.type', { backoff: {} }],
])('refuses a wrong %s: %j', (option, given) => {
  expect(() => resolvePushOptions(given as never)).toThrow(
    expect.objectContaining({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(`Expected \`${option}\``),
    }),
  );
});
