import { expect, test } from 'vitest';
import { heldUpBy } from './held-up-by.js';

const task = { type: 'echo', queue: 'default', status: 'waiting' };
const queue = { desired: 1, applied: 1, running: 0 };
const able = { types: ['echo'], queues: { default: queue } };
const elsewhere = { types: ['echo'], queues: { images: queue } };
const unable = { types: ['other'], queues: { default: queue } };
const open = { queue: 'default', isPaused: false };
const paused = { queue: 'default', isPaused: true };

test.each([
  [[able, unable], [open], undefined],
  [[able], [], undefined],
  [[able], [open, { queue: 'images', isPaused: true }], undefined],
  [[able], [paused], 'its queue is paused'],
  [[unable], [open], 'no live worker has a handler of this type: it waits for one'],
  [
    [elsewhere, unable],
    [open],
    'no live worker with a handler of this type takes from its queue: it waits for one',
  ],
  [
    [],
    [paused],
    'its queue is paused; no live worker has a handler of this type: it waits for one',
  ],
])('case %#: why a task waits', (workers, queues, why) => {
  expect(heldUpBy(task, { workers, queues } as never)).toBe(why);
  expect(heldUpBy({ ...task, status: 'delayed' }, { workers, queues } as never)).toBe(why);
});

test('nothing holds up a task that runs, or has ended', () => {
  for (const status of ['active', 'completed', 'failed', 'unknown'])
    expect(heldUpBy({ ...task, status }, { workers: [], queues: [paused] })).toBeUndefined();
});
