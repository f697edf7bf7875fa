import { expect, test } from 'vitest';
import { type EndedTask, queueRatesOf } from './queue-rates.js';

const task = (waitMs: number, runMs: number, finishedAt: number): EndedTask => ({
  starts: 1,
  pushedAt: finishedAt - runMs - waitMs,
  startedAt: finishedAt - runMs,
  finishedAt,
});

const span = { at: 10_000, since: 0, most: 4 };

test('rates are of the time that was looked at', () => {
  const completed = [task(1, 1, 9_000), task(1, 1, 8_000)];
  const rates = queueRatesOf({ ...span, completed, failed: [task(1, 1, 5_000)] });
  expect(rates).toMatchObject({ completed: 0.2, failed: 0.1 });
});

test('a full page does not reach back to the beginning: then its own time counts', () => {
  const completed = [9_500, 9_000, 8_500, 8_000].map((at) => task(1, 1, at));
  expect(queueRatesOf({ ...span, completed, failed: [] }).completed).toBe(2);
});

test('of 20 tasks the 95th of 100 is the 19th; those that were tried again are left out', () => {
  const twenty = Array.from({ length: 20 }, (_, index) => task(index + 1, 100 - index, 9_000));
  const completed = [...twenty, { ...task(5_000, 5_000, 9_000), starts: 2 }];
  const rates = queueRatesOf({ ...span, most: 100, completed, failed: [] });
  expect(rates).toMatchObject({ waitP95Ms: 19, runP95Ms: 99 });
});

test('where nothing ended there are no times', () => {
  const rates = queueRatesOf({ ...span, completed: [], failed: [] });
  expect(rates).toEqual({ completed: 0, failed: 0, waitP95Ms: undefined, runP95Ms: undefined });
});
