import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TroubleLog } from './trouble-log.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('of many like troubles one is told every ten seconds, with the number held back', () => {
  const told: [string, number][] = [];
  const log = new TroubleLog((error, repeated) => told.push([error.message, repeated]));
  for (let index = 0; index < 1_000; index += 1) log.report(new Error('connect ECONNREFUSED'));
  log.report(Object.assign(new Error('OOM command not allowed'), { name: 'ReplyError' }));
  expect(told).toEqual([
    ['connect ECONNREFUSED', 0],
    ['OOM command not allowed', 0],
  ]);
  vi.advanceTimersByTime(10_001);
  log.report(new Error('connect ECONNREFUSED'));
  expect(told.at(-1)).toEqual(['connect ECONNREFUSED', 999]);
});

test('what is no error is made one', () => {
  const told: Error[] = [];
  new TroubleLog((error) => told.push(error)).report('text');
  expect(told[0]).toBeInstanceOf(Error);
});

test('the same trouble with many tasks is one trouble', () => {
  const told: string[] = [];
  const log = new TroubleLog((error) => told.push(error.message));
  for (const last of 'abcdefgh') {
    log.report(new Error(`could not renew lock for job AaH_vflmfJSZJZ-T2Ss9d${last}`));
    log.report(new Error(`could not renew lock for job AaH_vflmfJSZJZ-T2Ss9d${last}.7`));
    log.report(new Error(`Missing key for job AaH_vflmfJSZJZ-T2Ss9d${last}. moveToFinished`));
  }
  expect(told).toHaveLength(2);
});
