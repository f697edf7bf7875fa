import { expect, test } from 'vitest';
import { Alarm } from './alarm.js';
import { createFakeClock } from './fake-clock.js';
import { systemClock } from './system-clock.js';

const DAY_MS = 86_400_000;

function setUp() {
  const clock = createFakeClock(1_000);
  const rung: number[] = [];
  const alarm = new Alarm({ clock, ring: () => rung.push(clock.now()) });
  return { clock, rung, alarm };
}

test('rings once, at its time', async () => {
  const { clock, rung, alarm } = setUp();
  alarm.set(1_500);
  await clock.advance(499);
  expect(rung).toEqual([]);
  await clock.advance(10_000);
  expect(rung).toEqual([1_500]);
  expect(alarm.setFor).toBeUndefined();
  expect(clock.timers).toBe(0);
});

test('what is in the past rings at once', async () => {
  const { clock, rung, alarm } = setUp();
  alarm.set(5);
  await clock.advance(0);
  expect(rung).toEqual([1_000]);
});

test('a time that is further away than a timer can wait is reached in steps', async () => {
  const { clock, rung, alarm } = setUp();
  alarm.set(1_000 + 60 * DAY_MS);
  await clock.advance(60 * DAY_MS - 1);
  expect(rung).toEqual([]);
  await clock.advance(1);
  expect(rung).toEqual([1_000 + 60 * DAY_MS]);
});

test('it can be set anew, and taken back', async () => {
  const { clock, rung, alarm } = setUp();
  alarm.set(2_000);
  alarm.set(3_000);
  await clock.advance(1_500);
  expect(rung).toEqual([]);
  await clock.advance(500);
  expect(rung).toEqual([3_000]);
  alarm.set(4_000);
  alarm.set(undefined);
  expect(clock.timers).toBe(0);
});

test('one in the background keeps no process alive', () => {
  const timeouts = () =>
    process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timeouts();
  const ring = (): undefined => undefined;
  const alarm = new Alarm({ clock: systemClock, ring, isBackground: true });
  alarm.set(systemClock.now() + DAY_MS);
  expect(timeouts()).toBe(before);
  const loud = new Alarm({ clock: systemClock, ring });
  loud.set(systemClock.now() + DAY_MS);
  expect(timeouts()).toBe(before + 1);
  alarm.set(undefined);
  loud.set(undefined);
  expect(timeouts()).toBe(before);
});
