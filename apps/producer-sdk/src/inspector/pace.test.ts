import { expect, test } from 'vitest';
import { Pace } from './pace.js';
import { SelfTurningClock, START } from './rig.test-d.js';

/** How many may happen until a time. */
async function countUntil(pace: Pace, clock: SelfTurningClock, endMs: number): Promise<number> {
  let count = 0;
  while (clock.time - START < endMs) count += await pace.take(1_000);
  return count;
}

test.each([1, 3, 100, 999, 1_000, 100_000])('%d a second, over ten seconds', async (rate) => {
  const clock = new SelfTurningClock();
  const count = await countUntil(new Pace(clock, rate), clock, 10_000);
  expect(count).toBeGreaterThanOrEqual(10 * rate * 0.99);
  expect(count).toBeLessThanOrEqual(10 * rate + Math.max(1, rate / 10) + 1);
});

test('timers that are late are made up for', async () => {
  const clock = new SelfTurningClock();
  clock.lateMs = 16;
  const count = await countUntil(new Pace(clock, 100), clock, 10_000);
  expect(count).toBeGreaterThanOrEqual(990);
  expect(count).toBeLessThanOrEqual(1_011);
});

test('a long pause is not', async () => {
  const clock = new SelfTurningClock();
  const pace = new Pace(clock, 100);
  clock.time += 3_600_000;
  expect(await pace.take(1_000)).toBe(10);
  const before = clock.time;
  await pace.take(1);
  expect(clock.time - before).toBe(10);
});

test('a clock that jumps back an hour holds nothing up', async () => {
  const clock = new SelfTurningClock();
  const pace = new Pace(clock, 100);
  await pace.take(1);
  clock.time -= 3_600_000;
  const before = clock.time;
  await pace.take(1);
  expect(clock.time - before).toBeLessThanOrEqual(20);
});

test('never more than asked', async () => {
  const clock = new SelfTurningClock();
  const pace = new Pace(clock, 100_000);
  clock.time += 1_000;
  expect(await pace.take(32)).toBe(32);
});

test('a signal ends the wait, and takes the timer back', async () => {
  const timers = new Set<object>();
  const clock = {
    now: () => START,
    after: () => {
      const timer = {};
      timers.add(timer);
      return timer;
    },
    cancel: (timer: unknown) => void timers.delete(timer as object),
  };
  const pace = new Pace(clock, 1);
  const controller = new AbortController();
  expect(await pace.take(1, controller.signal)).toBe(1);
  const waiting = pace.take(1, controller.signal);
  expect(timers.size).toBe(1);
  controller.abort();
  expect(await waiting).toBe(0);
  expect(timers.size).toBe(0);
  expect(await pace.take(1, controller.signal)).toBe(0);
});
