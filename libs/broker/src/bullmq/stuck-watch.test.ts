import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StuckWatch } from './stuck-watch.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

function watchOf() {
  const state = { taken: 0, canTake: true, next: 'a' as string | undefined };
  const seen = { asked: 0, rebuilt: 0 };
  const watch = new StuckWatch({
    stuckAfterMs: 30_000,
    taken: () => state.taken,
    canTake: () => state.canTake,
    next: async () => {
      seen.asked += 1;
      return state.next;
    },
    replace: async () => true,
    replaced: () => {
      seen.rebuilt += 1;
    },
  });
  /** A look every four seconds, as with the heartbeat. */
  const look = async (times: number, before: () => void = () => undefined): Promise<void> => {
    for (let at = 0; at < times; at += 1) {
      before();
      await watch.look();
      vi.advanceTimersByTime(4_000);
    }
  };
  return { watch, state, seen, look };
}

test('the same task waits for 30 s: rebuilt; for 30 s more: stuck, until a task is taken', async () => {
  const { watch, state, seen, look } = watchOf();
  await look(8);
  expect(seen.rebuilt).toBe(0);
  await look(1);
  expect([seen.rebuilt, watch.isStuck]).toEqual([1, false]);
  await look(8);
  expect([seen.rebuilt, watch.isStuck]).toEqual([2, true]);
  state.taken += 1;
  expect(watch.isStuck).toBe(false);
  await look(9);
  expect([seen.rebuilt, watch.isStuck]).toEqual([2, false]);
});

test('others are faster: it is another task each time', async () => {
  const { state, seen, look } = watchOf();
  let id = 0;
  await look(50, () => {
    id += 1;
    state.next = `task ${id}`;
  });
  expect(seen.rebuilt).toBe(0);
});

test.each([
  ['all slots are full', { canTake: false }],
  ['nothing waits, or the queue gives none away', { next: undefined }],
])('%s: never', async (_name, change) => {
  const { state, seen, look } = watchOf();
  await look(5);
  Object.assign(state, change);
  await look(1);
  Object.assign(state, { canTake: true, next: 'a' });
  await look(5);
  expect(seen.rebuilt).toBe(0);
});

test('Redis is asked only when nothing was taken and something could be', async () => {
  const { state, seen, look } = watchOf();
  await look(10, () => {
    state.taken += 1;
  });
  state.canTake = false;
  await look(10);
  expect(seen.asked).toBe(0);
});

test('what lies in a gap between two looks does not count: nobody looked', async () => {
  const { seen, look } = watchOf();
  await look(2);
  vi.advanceTimersByTime(60_000);
  await look(7);
  expect(seen.rebuilt).toBe(0);
});

test('never two looks at a time', async () => {
  let waiting = 0;
  let most = 0;
  const watch = new StuckWatch({
    stuckAfterMs: 1,
    taken: () => 0,
    canTake: () => true,
    next: async () => {
      waiting += 1;
      most = Math.max(most, waiting);
      await Promise.resolve();
      waiting -= 1;
      return 'a';
    },
    replace: async () => true,
    replaced: () => undefined,
  });
  await Promise.all([watch.look(), watch.look(), watch.look()]);
  expect(most).toBe(1);
});
