import type { ResolvedDeduplication, TaskEnvelope } from '@goflow/shared';
import { expect, test } from 'vitest';
import { DONE, envelopeOf, never, openRig, type Rig } from './rig.test-d.js';

type Mode = ResolvedDeduplication['mode'];

const keyed = (mode: Mode, windowMs = 0, given: Partial<TaskEnvelope> = {}) => ({
  deduplication: { key: 'k', mode, windowMs },
  ...given,
});
const pushed = ({ client, clock }: Rig, given: Partial<TaskEnvelope>) =>
  client.push(envelopeOf(given, clock));

test('unique: one task while it is unfinished', async () => {
  const rig = openRig();
  const first = await pushed(rig, keyed('unique'));
  expect(first.deduplicated).toBe(false);
  const again = { id: first.id, deduplicated: true };
  expect(await pushed(rig, keyed('unique'))).toEqual(again);
  let attempts = 0;
  await rig.consume(({ attempt }) => {
    attempts += 1;
    const failure = { name: 'E', message: 'm', code: 'c' };
    return attempt === 1 ? { kind: 'retry', failure, delayMs: 10 } : never();
  });
  await rig.clock.advance(5);
  expect(await pushed(rig, keyed('unique'))).toEqual(again);
  await rig.clock.advance(5);
  expect(attempts).toBe(2);
  expect(await pushed(rig, keyed('unique'))).toEqual(again);
  await rig.client.cancel(first.id, 'enough');
  const next = await pushed(rig, keyed('unique'));
  expect(next.deduplicated).toBe(false);
  expect(next.id).not.toBe(first.id);
});

test('a key stands for one type in one queue', async () => {
  const rig = openRig();
  const pushes = [
    await pushed(rig, keyed('unique')),
    await pushed(rig, keyed('unique', 0, { type: 'other' })),
    await pushed(rig, keyed('unique', 0, { queue: 'other' })),
    await pushed(rig, { deduplication: { key: 'k2', mode: 'unique', windowMs: 0 } }),
    await pushed(rig, {}),
  ];
  expect(pushes.map(({ deduplicated }) => deduplicated)).toEqual(Array(5).fill(false));
});

test.each(['cancelled', 'completed'] as const)(
  'unique: the key of a %s task is free',
  async (end) => {
    const rig = openRig();
    const { id } = await pushed(rig, keyed('unique'));
    if (end === 'cancelled') await rig.client.cancel(id, 'no');
    else await rig.consume(() => DONE);
    await rig.clock.advance(0);
    expect((await rig.client.read([id]))[0]?.state).toBe(end);
    expect((await pushed(rig, keyed('unique'))).deduplicated).toBe(false);
  },
);

test('throttle: the first wins for its window, finished or not', async () => {
  const rig = openRig();
  await rig.consume(() => DONE);
  const first = await pushed(rig, keyed('throttle', 1_000));
  await rig.clock.advance(999);
  expect((await rig.client.read([first.id]))[0]?.state).toBe('completed');
  const again = { id: first.id, deduplicated: true };
  expect(await pushed(rig, keyed('throttle', 1_000))).toEqual(again);
  await rig.clock.advance(1);
  const second = await pushed(rig, keyed('throttle', 1_000));
  expect(second.deduplicated).toBe(false);
  expect(await pushed(rig, keyed('throttle', 1_000))).toEqual({ ...second, deduplicated: true });
});

test('throttle: the window counts from the first push, and outlives the retention', async () => {
  const rig = openRig();
  await rig.consume(() => DONE);
  const retention = { completedMs: 10, failedMs: 10 };
  const first = await pushed(rig, keyed('throttle', 5_000, { retention }));
  await rig.clock.advance(4_000);
  expect(await rig.client.read([first.id])).toEqual([undefined]);
  expect((await pushed(rig, keyed('throttle', 5_000))).deduplicated).toBe(true);
  await rig.clock.advance(1_000);
  expect((await pushed(rig, keyed('throttle', 5_000))).deduplicated).toBe(false);
});

test('throttle: a window that is over is forgotten, though nobody asks', async () => {
  const rig = openRig();
  for (let key = 0; key < 3_000; key += 1)
    await rig.push({ deduplication: { key: `${key}`, mode: 'throttle', windowMs: 100 } });
  expect(rig.clock.timers).toBe(1);
  await rig.clock.advance(2_000);
  expect(rig.clock.timers).toBe(0);
});

test('debounce: the last payload wins, and each push makes the task wait again', async () => {
  const rig = openRig();
  const ran: unknown[] = [];
  await rig.consume(({ payload }) => {
    ran.push(payload);
    return DONE;
  });
  const first = await pushed(rig, keyed('debounce', 100, { payloadJson: '1' }));
  expect(first.deduplicated).toBe(false);
  for (const payloadJson of ['2', '3']) {
    await rig.clock.advance(99);
    const again = await pushed(rig, keyed('debounce', 100, { payloadJson }));
    expect(again).toEqual({ id: first.id, deduplicated: true });
  }
  expect(await rig.client.detail(first.id)).toMatchObject({
    state: 'delayed',
    payload: 3,
    dueAt: rig.clock.now() + 100,
    pushedAt: rig.clock.now() - 198,
  });
  await rig.clock.advance(99);
  expect(ran).toEqual([]);
  await rig.clock.advance(1);
  expect(ran).toEqual([3]);
});

test('debounce: when it could have been taken counts from the last push', async () => {
  const rig = openRig();
  await pushed(rig, keyed('debounce', 100));
  await rig.clock.advance(60);
  await pushed(rig, keyed('debounce', 100));
  const due: number[] = [];
  await rig.consume(({ dueAt }) => {
    due.push(dueAt);
    return DONE;
  });
  await rig.clock.advance(100);
  expect(due).toEqual([rig.clock.now()]);
});

test('debounce: once the task is due the next push makes a new one, taken or not', async () => {
  const rig = openRig();
  const first = await pushed(rig, keyed('debounce', 100, { payloadJson: '1' }));
  await rig.clock.advance(100);
  const second = await pushed(rig, keyed('debounce', 100, { payloadJson: '2' }));
  expect(second.deduplicated).toBe(false);
  const ran: unknown[] = [];
  await rig.consume(
    ({ payload }) => {
      ran.push(payload);
      return never();
    },
    { concurrency: 2 },
  );
  await rig.clock.advance(0);
  expect(ran).toEqual([1]);
  // The first one runs, and must not free the key of the second.
  await rig.client.cancel(first.id, 'enough');
  const third = await pushed(rig, keyed('debounce', 100, { payloadJson: '3' }));
  expect(third).toEqual({ id: second.id, deduplicated: true });
});

test('debounce: a task that waits for another attempt has begun', async () => {
  const rig = openRig();
  const first = await pushed(rig, keyed('debounce', 100));
  const failure = { name: 'E', message: 'm', code: 'c' };
  await rig.consume(() => ({ kind: 'retry', failure, delayMs: 1_000 }));
  await rig.clock.advance(150);
  expect((await rig.client.read([first.id]))[0]?.state).toBe('delayed');
  expect((await pushed(rig, keyed('debounce', 100))).deduplicated).toBe(false);
});

test('debounce: a task that was pushed in another mode and waits, or has begun, is left alone', async () => {
  const rig = openRig();
  await pushed(rig, keyed('unique', 0, { payloadJson: '1' }));
  expect((await pushed(rig, keyed('debounce', 100))).deduplicated).toBe(false);
  const other = { key: 'other', mode: 'throttle', windowMs: 10_000 } as const;
  const begun = await pushed(rig, { deduplication: other, priority: 1 });
  const failure = { name: 'E', message: 'm', code: 'c' };
  await rig.consume(() => ({ kind: 'retry', failure, delayMs: 1_000 }), { concurrency: 9 });
  await rig.clock.advance(0);
  expect((await rig.client.read([begun.id]))[0]?.state).toBe('delayed');
  const debounced = { ...other, mode: 'debounce' } as const;
  expect((await pushed(rig, { deduplication: debounced })).deduplicated).toBe(false);
});

test('debounce: a cancelled task is not revived', async () => {
  const rig = openRig();
  const first = await pushed(rig, keyed('debounce', 100));
  await rig.client.cancel(first.id, 'no');
  expect((await pushed(rig, keyed('debounce', 100))).deduplicated).toBe(false);
});

test('a discarded task takes its key with it', async () => {
  const rig = openRig();
  const first = await pushed(rig, keyed('throttle', 10_000));
  await rig.client.cancel(first.id, 'no');
  expect((await pushed(rig, keyed('throttle', 10_000))).id).toBe(first.id);
  await rig.client.inspector.discard(first.id);
  expect((await pushed(rig, keyed('throttle', 10_000))).deduplicated).toBe(false);
});
