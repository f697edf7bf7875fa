import type { TakenTask, TaskId, Verdict } from '@goflow/shared';
import { expect, test } from 'vitest';
import { DONE, FAILED, never, openRig, type Rig } from './rig.test-d.js';

const statesOf = async ({ client }: Rig, ids: readonly TaskId[]) =>
  (await client.read(ids)).map((record) => record?.state);

/** A run whose tasks take `ms`, and who ran. */
function timed({ clock }: Rig, ms: number) {
  const ran: TaskId[] = [];
  const run = async ({ id }: TakenTask): Promise<Verdict> => {
    ran.push(id);
    await new Promise<void>((resolve) => {
      clock.after(ms, resolve);
    });
    return DONE;
  };
  return { run, ran };
}

test('a task that was cancelled while it waited is passed over', async () => {
  const rig = openRig();
  const ids = await rig.pushChunk(4);
  const cancelled = { found: 'waiting', effect: 'cancelled' };
  expect(await rig.client.cancel(ids[0] ?? '', 'no')).toEqual(cancelled);
  expect(await rig.client.cancel(ids[2] ?? '', 'no')).toEqual(cancelled);
  await rig.consume(() => DONE);
  await rig.clock.advance(0);
  expect(rig.settled.map(({ id }) => id)).toEqual([ids[1], ids[3]]);
  expect(await statesOf(rig, ids)).toEqual(['cancelled', 'completed', 'cancelled', 'completed']);
});

test.each([{}, { delayMs: 10 }])(
  'of a chunk that was cancelled whole nothing is left: %j',
  async (given) => {
    const rig = openRig();
    const ids = await rig.pushChunk(3, given);
    for (const id of ids) await rig.client.cancel(id, 'no');
    await rig.consume(() => DONE);
    expect(await rig.client.counts('q')).toMatchObject({ waiting: 0, delayed: 0, cancelled: 3 });
    // That of the sweeper.
    expect(rig.clock.timers).toBe(1);
    const other = await rig.push({ delayMs: 20 });
    await rig.clock.advance(20);
    expect(rig.settled.map(({ id }) => id)).toEqual([other]);
  },
);

test('of a chunk that runs, one that has not begun is cancelled at once, and one that runs by its signal', async () => {
  const rig = openRig();
  const [first = '', second = '', third = ''] = await rig.pushChunk(3);
  const ran: TaskId[] = [];
  await rig.consume(({ id }) => {
    ran.push(id);
    return id === first ? never() : DONE;
  });
  await rig.clock.advance(0);
  const notBegun = await rig.client.cancel(second, 'no');
  expect(notBegun).toEqual({ found: 'active', effect: 'cancelled' });
  expect(await rig.client.read([second])).toMatchObject([{ state: 'cancelled', attempts: 0 }]);
  const running = await rig.client.cancel(first, 'no');
  expect(running).toEqual({ found: 'active', effect: 'requested' });
  await rig.clock.advance(0);
  expect(await statesOf(rig, [first, second, third])).toEqual([
    'cancelled',
    'cancelled',
    'completed',
  ]);
  expect(ran).toEqual([first, third]);
});

test('quiet in the middle: what runs goes on, the rest is the next to be taken, as a chunk', async () => {
  const rig = openRig();
  const ids = await rig.pushChunk(4);
  const behind = await rig.push();
  const consumer = await rig.consume(timed(rig, 10).run);
  await rig.clock.advance(15);
  await consumer.quiet();
  await rig.clock.advance(100);
  expect(await statesOf(rig, ids)).toEqual(['completed', 'completed', 'waiting', 'waiting']);
  const other = timed(rig, 10);
  const second = await rig.consume(other.run, { concurrency: 1 }, rig.openConsumer());
  await rig.clock.advance(5);
  expect(await rig.client.counts('q')).toMatchObject({ active: 2, waiting: 1 });
  await rig.clock.advance(100);
  expect(other.ran).toEqual([ids[2], ids[3], behind]);
  expect(second.active).toBe(0);
});

test('a stop waits for the task that runs, and hands back the rest before it ends', async () => {
  const rig = openRig();
  const ids = await rig.pushChunk(3);
  const consumer = await rig.consume(timed(rig, 500).run);
  await rig.clock.advance(0);
  const stopped = consumer.stop(1_000);
  await rig.clock.advance(500);
  await stopped;
  expect(await statesOf(rig, ids)).toEqual(['completed', 'waiting', 'waiting']);
  expect(await rig.client.detail(ids[1] ?? '')).toMatchObject({ starts: 0, attempts: 0 });
});

test('a stop between two tasks of a chunk hands back the rest before it ends', async () => {
  const rig = openRig();
  const ids = await rig.pushChunk(3);
  let states: Promise<unknown> | undefined;
  const consumer = await rig.consume(() => DONE, {
    listener: {
      settled: () => {
        states ??= consumer.stop(60_000).then(() => statesOf(rig, ids));
      },
      leaseLost: () => undefined,
    },
  });
  await rig.clock.advance(0);
  expect(await states).toEqual(['completed', 'waiting', 'waiting']);
  expect(rig.clock.timers).toBe(1);
});

test('a stop that breaks a task off hands it back with the rest, first of them', async () => {
  const rig = openRig();
  const ids = await rig.pushChunk(3, { startBy: rig.clock.now() + 1_000 });
  const consumer = await rig.consume(({ payload }) => (payload === 0 ? DONE : never()));
  await rig.clock.advance(0);
  const stopped = consumer.stop(0);
  await rig.clock.advance(400);
  await stopped;
  expect(consumer.active).toBe(0);
  expect(await statesOf(rig, ids)).toEqual(['completed', 'waiting', 'waiting']);
  const seen: unknown[] = [];
  const run = ({ id, starts, attempt, startBy }: TakenTask) => {
    seen.push([id, starts, attempt, startBy === undefined]);
    return DONE;
  };
  await rig.consume(run, { concurrency: 2 }, rig.openConsumer());
  await rig.clock.advance(0);
  // The one that was begun was begun in time.
  expect(seen).toEqual([
    [ids[1], 2, 1, true],
    [ids[2], 1, 1, false],
  ]);
});

test('a concurrency of 0 hands the rest back, and raised again it goes on', async () => {
  const rig = openRig();
  const ids = await rig.pushChunk(3);
  const work = timed(rig, 10);
  const consumer = await rig.consume(work.run);
  await rig.clock.advance(5);
  await consumer.setConcurrency(0);
  await rig.clock.advance(100);
  expect(await statesOf(rig, ids)).toEqual(['completed', 'waiting', 'waiting']);
  await consumer.setConcurrency(1);
  await rig.clock.advance(100);
  expect(work.ran).toEqual(ids);
});

test('a lower concurrency is kept after the tasks that run, not after their chunks', async () => {
  const rig = openRig();
  for (let at = 0; at < 3; at += 1) await rig.pushChunk(10);
  const consumer = await rig.consume(timed(rig, 10).run, { concurrency: 3 });
  await rig.clock.advance(5);
  await consumer.setConcurrency(1);
  expect(consumer.active).toBe(3);
  await rig.clock.advance(10);
  expect(consumer.active).toBe(1);
  expect(await rig.client.counts('q')).toMatchObject({ completed: 3 });
  await rig.clock.advance(1_000);
  expect(await rig.client.counts('q')).toMatchObject({ completed: 30 });
});

test('nothing is handed back of a chunk whose last tasks were cancelled', async () => {
  const rig = openRig();
  const ids = await rig.pushChunk(2);
  const consumer = await rig.consume(() => DONE, {
    listener: {
      settled: () => {
        setImmediate(() => void rig.client.cancel(ids[1] ?? '', 'no'));
        void consumer.setConcurrency(0);
      },
      leaseLost: () => undefined,
    },
  });
  await rig.clock.advance(0);
  expect(await statesOf(rig, ids)).toEqual(['completed', 'cancelled']);
  await consumer.setConcurrency(1);
  const next = await rig.push();
  await rig.clock.advance(0);
  expect(await statesOf(rig, [next])).toEqual(['completed']);
});

test('a failing task of a chunk is a dead letter, and the others go on', async () => {
  const rig = openRig();
  const ids = await rig.pushChunk(3);
  await rig.consume(({ payload }) => (payload === 0 ? FAILED : DONE));
  await rig.clock.advance(0);
  expect(await statesOf(rig, ids)).toEqual(['failed', 'completed', 'completed']);
});
