import type { Clock } from '@goflow/shared';
import { expect, test } from 'vitest';
import { createFakeClock } from './fake-clock.js';
import { createMemoryBroker } from './memory-broker.js';
import { DONE, envelopeOf, FAILED, openRig } from './rig.test-d.js';

const DAY_MS = 86_400_000;

test('a finished task is kept for a day or, where it did not complete, for seven', async () => {
  const { client, clock, push, consume } = openRig();
  const ids = [await push(), await push({ payloadJson: '"fail"' }), await push({ queue: 'idle' })];
  await client.cancel(ids[2] ?? '', 'no');
  await consume(({ payload }) => (payload ? FAILED : DONE));
  await clock.advance(0);
  const states = async () => (await client.read(ids)).map((record) => record?.state);
  await clock.advance(DAY_MS);
  expect(await states()).toEqual(['completed', 'failed', 'cancelled']);
  await clock.advance(1);
  expect(await states()).toEqual([undefined, 'failed', 'cancelled']);
  await clock.advance(6 * DAY_MS - 1);
  expect(await states()).toEqual([undefined, 'failed', 'cancelled']);
  await clock.advance(1);
  expect(await states()).toEqual([undefined, undefined, undefined]);
});

test('its push says how long, else its worker for its type', async () => {
  const { client, clock, push, consume } = openRig();
  const ids = [
    await push({ retention: { completedMs: 10, failedMs: 99 } }),
    await push(),
    await push({ type: 'u' }),
    await push({ retention: { completedMs: 10, failedMs: 99 }, payloadJson: '"fail"' }),
  ];
  const retention = new Map([['t', { completedMs: 50, failedMs: 50 }]]);
  await consume(({ payload }) => (payload ? FAILED : DONE), { retention });
  await clock.advance(0);
  const known = async () => (await client.read(ids)).map((record) => record !== undefined);
  await clock.advance(11);
  expect(await known()).toEqual([false, true, true, true]);
  await clock.advance(40);
  expect(await known()).toEqual([false, false, true, true]);
  await clock.advance(49);
  expect(await known()).toEqual([false, false, true, false]);
});

test('past its time a task is unknown to everybody, and its id free, before its memory is', async () => {
  const { client, clock, push, consume } = openRig();
  const retention = { completedMs: 10, failedMs: 10 };
  const id = await push({ retention, payloadJson: '1' });
  await consume(() => DONE);
  // The sweep that the first one sets off comes first; the next one is a second later.
  await clock.advance(20);
  const late = await push({ retention, payloadJson: '1' });
  await clock.advance(12);
  expect((await client.counts('q')).completed).toBe(1);
  const page = await client.inspector.page({ queue: 'q', state: 'completed', limit: 9 });
  expect(page.tasks).toEqual([]);
  expect(await client.detail(late)).toBeUndefined();
  expect((await client.counts('q')).completed).toBe(0);
  expect(await client.cancel(late, 'no')).toMatchObject({ found: 'unknown' });
  const again = envelopeOf({ id, isOwnId: true, payloadJson: '2' }, clock);
  expect(await client.push(again)).toEqual({ id, deduplicated: false });
});

test('memory is freed at most once a second, and nothing is waited for when nothing is kept', async () => {
  const { client, clock, push, consume } = openRig();
  await consume(() => DONE);
  expect(clock.timers).toBe(0);
  const retention = { completedMs: 10, failedMs: 10 };
  await push({ retention });
  await clock.advance(20);
  expect((await client.counts('q')).completed).toBe(0);
  await push({ retention });
  await clock.advance(500);
  expect((await client.counts('q')).completed).toBe(1);
  await clock.advance(500);
  expect((await client.counts('q')).completed).toBe(0);
  expect(clock.timers).toBe(0);
  const id = await push();
  await clock.advance(0);
  expect(clock.timers).toBe(1);
  await client.inspector.discard(id);
  expect(clock.timers).toBe(0);
});

test('what is kept is no reason for runAll to go on', async () => {
  const { client, clock, push, consume } = openRig();
  const id = await push({ delayMs: DAY_MS });
  await consume(() => DONE);
  await clock.runAll();
  expect((await client.read([id]))[0]?.state).toBe('completed');
});

test('twenty thousand tasks leave nothing behind', async () => {
  const rig = openRig();
  await rig.consume(() => DONE, { concurrency: 1_000 });
  const deduplicated = { mode: 'unique', windowMs: 0 } as const;
  for (let batch = 0; batch < 20; batch += 1) {
    const envelopes = Array.from({ length: 1_000 }, (_, at) =>
      envelopeOf({ deduplication: { key: `${batch}-${at}`, ...deduplicated } }, rig.clock),
    );
    await rig.client.pushMany(envelopes);
    await rig.clock.advance(DAY_MS / 30);
  }
  expect(await rig.client.counts('q')).toMatchObject({ completed: 20_000, waiting: 0 });
  await rig.clock.advance(DAY_MS);
  const counts = Object.values(await rig.client.counts('q'));
  expect(counts).toEqual(Array(7).fill(0));
  expect(rig.clock.timers).toBe(0);
});

test('a clock that is put back delays nothing', async () => {
  const fake = createFakeClock();
  let shiftMs = 0;
  const clock: Clock = {
    now: () => fake.now() + shiftMs,
    after: (ms, callback) => fake.after(ms, callback),
    cancel: (timer) => fake.cancel(timer),
  };
  const { client, consumer } = createMemoryBroker({ clock });
  const settled: string[] = [];
  const running = consumer.consume({
    queue: 'q',
    concurrency: 1,
    retention: new Map(),
    worker: 'w',
    run: async () => DONE,
    listener: { settled: ({ id }) => settled.push(id), leaseLost: () => undefined },
  });
  await running.start();
  const { id } = await client.push(envelopeOf({ delayMs: 1_000 }, fake));
  shiftMs = -3_600_000;
  await fake.advance(1_000);
  expect(settled).toEqual([id]);
  await Promise.all([client.close(), consumer.close()]);
});
