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
  expect(lacking.filter(([, { retryable }]) => !retryable)).toEqual([]);
});
