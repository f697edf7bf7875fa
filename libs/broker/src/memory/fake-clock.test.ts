import { MAX_TIMER_MS } from '@goflow/shared';
import { expect, test } from 'vitest';
import { createFakeClock } from './fake-clock.js';

test('stands still until it is turned', async () => {
  const clock = createFakeClock(1_000);
  expect(clock.now()).toBe(1_000);
  await clock.advance(250);
  expect(clock.now()).toBe(1_250);
  expect(Math.abs(createFakeClock().now() - Date.now())).toBeLessThan(60_000);
});

test('timers fire in order of time, each at its own, and those of one time as they were set', async () => {
  const clock = createFakeClock(0);
  const fired: string[] = [];
  const note = (name: string) => () => fired.push(`${name} at ${clock.now()}`);
  clock.after(30, note('c'));
  clock.after(10, note('a'));
  clock.after(10, note('b'));
  clock.after(31, note('late'));
  expect(clock.timers).toBe(4);
  await clock.advance(30);
  expect(fired).toEqual(['a at 10', 'b at 10', 'c at 30']);
  expect(clock.now()).toBe(30);
  expect(clock.timers).toBe(1);
});

test('what a timer sets off may set timers within the span, however many turns that takes', async () => {
  const clock = createFakeClock(0);
  const fired: number[] = [];
  const again = async (): Promise<void> => {
    fired.push(clock.now());
    for (let turn = 0; turn < 3; turn += 1)
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    if (fired.length < 5) clock.after(10, () => void again());
  };
  clock.after(10, () => void again());
  await clock.advance(35);
  expect(fired).toEqual([10, 20, 30]);
  await clock.advance(1_000);
  expect(fired).toEqual([10, 20, 30, 40, 50]);
  expect(clock.now()).toBe(1_035);
});

test('before it turns, what was begun settles', async () => {
  const clock = createFakeClock(0);
  const fired: number[] = [];
  setImmediate(() => clock.after(5, () => fired.push(clock.now())));
  await clock.advance(10);
  expect(fired).toEqual([5]);
});

test('a timer that was taken back does not fire, and taking one back twice does no harm', async () => {
  const clock = createFakeClock();
  const timer = clock.after(10, () => expect.unreachable());
  clock.cancel(timer);
  clock.cancel(timer);
  clock.cancel(undefined);
  await clock.advance(20);
  expect(clock.timers).toBe(0);
});

test('runAll goes on until there is no timer', async () => {
  const clock = createFakeClock(0);
  let left = 100;
  const again = (): void => {
    left -= 1;
    if (left > 0) clock.after(86_400_000, again);
  };
  clock.after(1, again);
  await clock.runAll();
  expect(left).toBe(0);
  expect(clock.now()).toBe(99 * 86_400_000 + 1);
});

test('runAll does not go on for a timer that was let go of, but fires it on the way', async () => {
  const clock = createFakeClock(0);
  const fired: string[] = [];
  const background = (ms: number) =>
    (clock.after(ms, () => fired.push(`background ${ms}`)) as { unref(): void }).unref();
  background(5);
  background(50);
  clock.after(10, () => fired.push('10'));
  await clock.runAll();
  expect(fired).toEqual(['background 5', '10']);
  expect(clock.now()).toBe(10);
  expect(clock.timers).toBe(1);
});

test('runAll gives up on something that sets timers for ever', async () => {
  const clock = createFakeClock(0);
  const again = (): void => void clock.after(1, again);
  again();
  await expect(clock.runAll()).rejects.toThrow('100000 timers have fired');
});

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('is not turned by %s', async (ms) => {
  await expect(createFakeClock().advance(ms)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});

test('refuses a timer that Node could not set, and treats a past one as due', async () => {
  const clock = createFakeClock(0);
  const callback = (): undefined => undefined;
  expect(() => clock.after(MAX_TIMER_MS + 1, callback)).toThrow('at most');
  expect(() => clock.after(Number.NaN, callback)).toThrow('at most');
  let fired = 0;
  clock.after(-5, () => {
    fired += 1;
  });
  await clock.advance(0);
  expect(fired).toBe(1);
});
