import { newTaskId } from '@goflow/shared';
import { expect, test } from 'vitest';
import { createMemoryResultStore } from './memory-result-store.js';

test('a result is given up to the millisecond before its time is over', async () => {
  let now = 1_000;
  const store = createMemoryResultStore({ clock: { now: () => now } });
  const id = newTaskId('default');
  await store.put(id, '"kept"', 500);
  now = 1_499;
  expect(await store.get([id])).toEqual(['"kept"']);
  await store.sweep();
  expect(store.size).toBe(1);
  now = 1_500;
  expect(await store.get([id])).toEqual([undefined]);
  await store.sweep();
  expect(store.size).toBe(0);
});

test('a second put begins the time anew', async () => {
  let now = 0;
  const store = createMemoryResultStore({ clock: { now: () => now } });
  const id = newTaskId('default');
  await store.put(id, '1', 100);
  now = 99;
  await store.put(id, '2', 100);
  now = 198;
  expect(await store.get([id])).toEqual(['2']);
});
