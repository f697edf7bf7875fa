import { expect, test } from 'vitest';
import { ERRORS } from './error-table.js';

const entries = Object.entries(ERRORS);

test.each(entries)('%s is well formed', (code, entry) => {
  expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
  expect(Object.keys(entry)).toEqual(['http', 'retryable', 'when', 'cure']);
  expect(entry.http).toBeGreaterThanOrEqual(400);
  expect(entry.http).toBeLessThan(600);
  expect(Number.isInteger(entry.http)).toBe(true);
  expect(typeof entry.retryable).toBe('boolean');
  for (const sentence of [entry.when, entry.cure]) {
    expect(sentence).toMatch(/^[A-Z`].{10,200}[.…]$/s);
    expect(sentence).not.toMatch(/\s{2}|\n/);
    expect(sentence.split('`').length % 2, 'every ` has its other').toBe(1);
  }
  expect(Object.isFrozen(entry)).toBe(true);
});

test('the table is frozen, and no two codes happen at the same time', () => {
  expect(Object.isFrozen(ERRORS)).toBe(true);
  expect(new Set(entries.map(([, { when }]) => when)).size).toBe(entries.length);
});

test('what a client did wrong is never retryable unchanged, what a server lacks is', () => {
  const wrong = entries.filter(([, { http }]) => [400, 401, 404, 413, 422].includes(http));
  expect(wrong.filter(([, { retryable }]) => retryable)).toEqual([]);
  const lacking = entries.filter(([, { http }]) => [503, 504].includes(http));
  // A task that is past its deadline stays so.
  const final = ['TASK_DEADLINE'];
  expect(lacking.filter(([, { retryable }]) => !retryable).map(([code]) => code)).toEqual(final);
});

test('how a task ended for good is not retryable, but for what another attempt may mend', () => {
  const ends = ['TASK_FAILED', 'TASK_STALLED', 'TASK_CANCELLED', 'TASK_EXPIRED', 'TASK_POISON'];
  for (const code of ends) expect(ERRORS[code as keyof typeof ERRORS].retryable, code).toBe(false);
  expect(ERRORS.TASK_TIMEOUT.retryable).toBe(true);
});
