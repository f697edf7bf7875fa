import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TimeLimits } from './time-limits.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open() {
  const limits = new TimeLimits();
  const ended: string[] = [];
  const add = (name: string, ms: number) => {
    const limit = { endsAt: performance.now() + ms, end: () => ended.push(name) };
    limits.add(limit);
    return limit;
  };
  return { limits, ended, add };
}

test('each ends in its time, also one that is shorter than those before it', () => {
  const { add, ended } = open();
  add('a', 5_000);
  vi.advanceTimersByTime(1_000);
  add('b', 5_000);
  add('short', 100);
  vi.advanceTimersByTime(101);
  expect(ended).toEqual(['short']);
  vi.advanceTimersByTime(3_900);
  expect(ended).toEqual(['short', 'a']);
  vi.advanceTimersByTime(1_000);
  expect(ended).toEqual(['short', 'a', 'b']);
});

test('what was deleted does not end, and says whether it was in time', () => {
  const { limits, add, ended } = open();
  const inTime = add('a', 100);
  const late = add('b', 100);
  expect(limits.delete(inTime)).toBe(true);
  vi.advanceTimersByTime(200);
  expect(ended).toEqual(['b']);
  expect(limits.delete(late)).toBe(false);
});

test('many have one timer, and none when there are none', () => {
  const { limits, add } = open();
  const all = Array.from({ length: 1_000 }, (_, at) => add(`${at}`, 5_000));
  expect(vi.getTimerCount()).toBe(1);
  for (const limit of all) limits.delete(limit);
  vi.advanceTimersByTime(5_001);
  expect(vi.getTimerCount()).toBe(0);
});
