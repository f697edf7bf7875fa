import { expect, test } from 'vitest';
import { median, quantile } from './quantile.js';

test.each([
  [[3, 1, 2], 2],
  [[4, 1, 3, 2], 2.5],
  [[10, 9], 9.5],
  [[7], 7],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected);
});

test('numbers are sorted as numbers, and the given ones stay as they are', () => {
  const values = [100, 9, 20];
  expect(median(values)).toBe(20);
  expect(values).toEqual([100, 9, 20]);
});

test('a quantile lies between its neighbours', () => {
  const values = Array.from({ length: 101 }, (_, index) => index);
  expect(quantile(values, 0.99)).toBe(99);
  expect(quantile([0, 10], 0.25)).toBe(2.5);
  expect(quantile(values, 1)).toBe(100);
});

test('of nothing there is no median', () => {
  expect(median([])).toBeNaN();
});
