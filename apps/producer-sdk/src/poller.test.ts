import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Poller } from './poller.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watch() {
  const looks: (readonly string[])[] = [];
  const poller = new Poller(async (ids) => {
    looks.push(ids);
  });
  return { poller, looks };
}

test('looks at once, then at growing pauses, at all that are due in one go', async () => {
  const { poller, looks } = watch();
  poller.add('a', 'unannounced');
  poller.add('b', 'unannounced');
  await vi.advanceTimersByTimeAsync(0);
  expect(looks).toEqual([['a', 'b']]);
  await vi.advanceTimersByTimeAsync(100);
  // After 5, 10, 20 and 40 ms more.
  expect(looks).toHaveLength(5);
  poller.stop();
});

test('what will be announced is left in peace for two seconds, unless something is known of it', async () => {
  const { poller, looks } = watch();
  poller.add('a', 'announced');
  poller.add('b', 'announced');
  await vi.advanceTimersByTimeAsync(1_900);
  expect(looks).toEqual([]);
  poller.lookNow('b');
  await vi.advanceTimersByTimeAsync(0);
  expect(looks).toEqual([['b']]);
  await vi.advanceTimersByTimeAsync(200);
  expect(looks).toEqual([['b'], ['a']]);
  poller.lookNow();
  await vi.advanceTimersByTimeAsync(0);
  expect(looks).toEqual([['b'], ['a'], ['a', 'b']]);
  poller.stop();
});

test('an id that is not watched is not looked at', async () => {
  const { poller, looks } = watch();
  poller.lookNow('a');
  poller.lookNow();
  for (const id of ['b', 'c']) poller.add(id, 'announced');
  poller.lookNow('b');
  poller.remove('b');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(looks).toEqual([]);
  poller.remove('c');
  expect(vi.getTimerCount()).toBe(0);
});

test('an id that comes is looked at without those whose turn it is not', async () => {
  const { poller, looks } = watch();
  for (let index = 0; index < 1_000; index += 1) poller.add(String(index), 'announced');
  poller.add('new', 'unannounced');
  await vi.advanceTimersByTimeAsync(0);
  expect(looks).toEqual([['new']]);
  poller.remove('new');
  await vi.advanceTimersByTimeAsync(2_100);
  expect(looks).toHaveLength(2);
  expect(looks[1]).toHaveLength(1_000);
  poller.stop();
});

test('many ids, each due at a time of its own, are not gone through each time', async () => {
  const { poller, looks } = watch();
  for (let index = 0; index < 5_000; index += 1) {
    poller.add(String(index), 'announced');
    if (index % 10 === 0) await vi.advanceTimersByTimeAsync(1);
  }
  await vi.advanceTimersByTimeAsync(2_000);
  expect(looks.flat()).toHaveLength(5_000);
  // Over half a second, and not more often than all 10 ms.
  expect(looks.length).toBeLessThan(60);
  poller.stop();
});

test('a removed id is looked at no more, and without ids there is no timer', async () => {
  const { poller, looks } = watch();
  poller.add('a', 'unannounced');
  await vi.advanceTimersByTimeAsync(0);
  poller.remove('a');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(looks).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});

test('a look that fails is no answer: there is another', async () => {
  let looks = 0;
  const poller = new Poller(async () => {
    looks += 1;
    throw new Error('Redis is away');
  });
  poller.add('a', 'unannounced');
  await vi.advanceTimersByTimeAsync(20);
  expect(looks).toBeGreaterThan(1);
  poller.stop();
});

test('very many ids are looked at no more than 10,000 times a second', async () => {
  let looked = 0;
  const poller = new Poller(async (ids) => {
    looked += ids.length;
  });
  for (let index = 0; index < 20_000; index += 1) poller.add(String(index), 'unannounced');
  await vi.advanceTimersByTimeAsync(0);
  expect(looked).toBe(20_000);
  await vi.advanceTimersByTimeAsync(1_900);
  expect(looked).toBe(20_000);
  poller.stop();
});
