import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RedisClock } from './redis-clock.js';

const REDIS = 1_800_000_000_000;
const LOCAL = REDIS + 7_000;
const HOUR = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'], now: LOCAL });
  // The monotonic clock of a machine that has been up for a while.
  vi.advanceTimersByTime(HOUR);
  vi.setSystemTime(LOCAL);
});
afterEach(() => void vi.useRealTimers());

const clock = (time: () => number = () => REDIS): RedisClock =>
  new RedisClock({ time: async () => time() });

/** Redis said `redisMs` just now, or half a round trip ago. */
function observe(measured: RedisClock, redisMs: number, roundTripMs = 0): void {
  const receivedAt = performance.now();
  measured.observe(redisMs, receivedAt - roundTripMs, receivedAt);
}

test("before the first measurement it is this machine's time", () => {
  const fresh = clock();
  expect(fresh.now()).toBe(LOCAL);
  expect(fresh.skewMs).toBe(0);
});

test("after a measurement it is Redis' time, counted on by the monotonic clock", () => {
  const measured = clock();
  observe(measured, REDIS);
  expect(measured.now()).toBe(REDIS);
  expect(measured.skewMs).toBe(7_000);
  vi.advanceTimersByTime(1_234);
  expect(measured.now()).toBe(REDIS + 1_234);
});

test.each([HOUR, -HOUR])("this machine's clock jumps by %i ms: nothing changes", (jump) => {
  const measured = clock();
  observe(measured, REDIS);
  vi.setSystemTime(LOCAL + jump);
  expect(measured.now()).toBe(REDIS);
  expect(measured.skewMs).toBe(7_000 + jump);
});

test('measure() takes the answer for the middle of the round trip, and passes on that there was none', async () => {
  const measured = clock(() => {
    vi.advanceTimersByTime(20);
    return REDIS;
  });
  await measured.measure();
  expect(measured.now()).toBe(REDIS + 10);
  const cut = clock(() => {
    throw new Error('Connection is closed.');
  });
  await expect(cut.measure()).rejects.toThrow('Connection is closed.');
});

test('a long round trip is passed over while a better one is recent, and counts when that is old', () => {
  const measured = clock();
  observe(measured, REDIS, 2);
  expect(measured.now()).toBe(REDIS + 1);
  vi.advanceTimersByTime(4_000);
  observe(measured, REDIS + 3_950, 300);
  expect(measured.now()).toBe(REDIS + 4_001);
  vi.advanceTimersByTime(HOUR);
  observe(measured, REDIS + HOUR + 3_950, 300);
  expect(measured.now()).toBe(REDIS + HOUR + 4_100);
});

test('a shorter round trip counts at once', () => {
  const measured = clock();
  observe(measured, REDIS, 300);
  observe(measured, REDIS + 200, 2);
  expect(measured.now()).toBe(REDIS + 201);
});

test('a command that waited for Redis to come back says nothing of the time', () => {
  const measured = clock();
  observe(measured, REDIS, 10_000);
  expect(measured.now()).toBe(LOCAL);
});

test.each([HOUR, -HOUR])(
  "Redis' clock jumps by %i ms: it is followed, after a long round trip, too",
  (jump) => {
    const measured = clock();
    observe(measured, REDIS, 2);
    observe(measured, REDIS + jump, 300);
    expect(measured.now()).toBe(REDIS + jump + 150);
  },
);

test('timers fire once, and not when they were taken back', () => {
  const fired: string[] = [];
  const timers = clock();
  timers.after(100, () => fired.push('first'));
  timers.cancel(timers.after(50, () => fired.push('taken back')));
  timers.cancel(undefined);
  vi.advanceTimersByTime(1_000);
  expect(fired).toEqual(['first']);
});
