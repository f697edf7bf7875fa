import type { TakenTask, TaskId, Verdict } from '@goflow/shared';
import { expect, test } from 'vitest';
import { DONE, envelopeOf, never, openRig, type Rig } from './rig.test-d.js';

/** A run whose attempts end when the test says so. */
function held() {
  const running = new Map<TaskId, (verdict: Verdict) => void>();
  let most = 0;
  const run = (task: TakenTask): Promise<Verdict> =>
    new Promise((resolve) => {
      most = Math.max(most, running.size + 1);
      running.set(task.id, (verdict) => {
        running.delete(task.id);
        resolve(verdict);
      });
    });
  const endAll = (verdict: Verdict = DONE): void => {
    for (const end of running.values()) end(verdict);
  };
  return { run, endAll, ids: () => [...running.keys()], most: () => most };
}

const pushNumbers = async ({ push }: Rig, priorities: readonly number[]) => {
  for (const [at, priority] of priorities.entries())
    await push({ payloadJson: `${at}`, ...(priority > 0 ? { priority } : {}) });
};

test('tasks are taken first in first out; those with a priority after them, the smallest number first', async () => {
  const rig = openRig();
  await pushNumbers(rig, [0, 2, 0, 1, 2, 1, 0]);
  const taken: unknown[] = [];
  await rig.consume(({ payload }) => {
    taken.push(payload);
    return DONE;
  });
  await rig.clock.advance(0);
  expect(taken).toEqual([0, 2, 6, 3, 5, 1, 4]);
});

test('a task that is taken knows what its push said', async () => {
  const { clock, push, consume } = openRig();
  const now = clock.now();
  const retention = { completedMs: 1, failedMs: 2 };
  const backoff = { type: 'fixed', delayMs: 5, jitter: 0, maxDelayMs: 5 } as const;
  const said = {
    maxAttempts: 4,
    timeoutMs: 50,
    startBy: now + 9,
    deadline: now + 99,
    tags: ['eu'],
    traceparent: '00-1-2-01',
    backoff,
    retention,
  };
  const id = await push({ ...said, payloadJson: '{"a":1}', delayMs: 7 });
  const seen: TakenTask[] = [];
  await consume((task) => {
    seen.push(task);
    return DONE;
  });
  await clock.advance(7);
  const { maxAttempts, timeoutMs, startBy, deadline, tags, traceparent } = seen[0] as TakenTask;
  expect({ maxAttempts, timeoutMs, startBy, deadline, tags, traceparent }).toEqual({
    maxAttempts: 4,
    timeoutMs: 50,
    startBy: now + 9,
    deadline: now + 99,
    tags: ['eu'],
    traceparent: '00-1-2-01',
  });
  expect(seen[0]).toMatchObject({
    id,
    queue: 'q',
    type: 't',
    payload: { a: 1 },
    readable: true,
    backoff,
    retention,
    attempt: 1,
    starts: 1,
    stalls: 0,
    pushedAt: now,
    dueAt: now + 7,
    isAborted: false,
  });
});

test('a task that was pushed before there is a consumer is not lost, and none is taken before the start', async () => {
  const { clock, consumer, push, settled, consume } = openRig();
  const id = await push();
  await clock.advance(0);
  expect(settled).toEqual([]);
  await consume(() => DONE);
  await clock.advance(0);
  expect(settled).toMatchObject([{ id, kind: 'completed' }]);
  expect(settled[0]?.runMs).toBeGreaterThanOrEqual(0);
  await consumer.close();
});

test('concurrency bounds what runs, and can be changed while it runs', async () => {
  const rig = openRig();
  await pushNumbers(rig, Array(20).fill(0));
  const work = held();
  const consumer = await rig.consume(work.run, { concurrency: 3 });
  await rig.clock.advance(0);
  expect([consumer.active, consumer.concurrency]).toEqual([3, 3]);
  await consumer.setConcurrency(5);
  await rig.clock.advance(0);
  expect(consumer.active).toBe(5);
  await consumer.setConcurrency(1);
  await rig.clock.advance(0);
  expect(consumer.active).toBe(5);
  work.endAll();
  await rig.clock.advance(0);
  expect(consumer.active).toBe(1);
  expect((await consumer.counts()).active).toBe(1);
  expect(work.most()).toBe(5);
});

test('a concurrency of 0 takes nothing until it is raised', async () => {
  const rig = openRig();
  await pushNumbers(rig, [0, 0]);
  const consumer = await rig.consume(() => DONE, { concurrency: 0 });
  await rig.clock.advance(0);
  expect((await consumer.counts()).waiting).toBe(2);
  expect(consumer.isConsuming()).toBe(true);
  await consumer.setConcurrency(1);
  await rig.clock.advance(0);
  expect((await consumer.counts()).completed).toBe(2);
  await consumer.setConcurrency(0);
  await rig.push();
  await rig.clock.advance(0);
  expect((await consumer.counts()).waiting).toBe(1);
});

test('several consumers share a queue: a task goes to whoever has room, and they take turns', async () => {
  const rig = openRig();
  const works = [held(), held(), held()];
  for (const [at, work] of works.entries())
    await rig.consume(work.run, { concurrency: 2, worker: `w${at}` }, rig.openConsumer());
  await pushNumbers(rig, Array(3).fill(0));
  await rig.clock.advance(0);
  expect(works.map((work) => work.ids().length)).toEqual([1, 1, 1]);
  await pushNumbers(rig, Array(7).fill(0));
  await rig.clock.advance(0);
  expect(works.map((work) => work.ids().length)).toEqual([2, 2, 2]);
  works[1]?.endAll();
  await rig.clock.advance(0);
  expect(works.map((work) => work.ids().length)).toEqual([2, 2, 2]);
  for (let round = 0; round < 3; round += 1) {
    for (const work of works) work.endAll();
    await rig.clock.advance(0);
  }
  expect(await rig.client.counts('q')).toMatchObject({ completed: 10, waiting: 0, active: 0 });
  expect(works.map((work) => work.most())).toEqual([2, 2, 2]);
});

test('eleven consumers run each of many tasks once', async () => {
  const rig = openRig();
  const runs = new Map<TaskId, number>();
  for (let worker = 0; worker < 11; worker += 1)
    await rig.consume(
      async ({ id }) => {
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
        runs.set(id, (runs.get(id) ?? 0) + 1);
        return DONE;
      },
      { concurrency: 3 },
      rig.openConsumer(),
    );
  await rig.client.pushMany(Array.from({ length: 2_000 }, () => envelopeOf({}, rig.clock)));
  await rig.clock.advance(0);
  expect(runs.size).toBe(2_000);
  expect([...runs.values()].every((count) => count === 1)).toBe(true);
  expect(rig.settled).toHaveLength(2_000);
});

test('many quick tasks leave the event loop its turns', async () => {
  const rig = openRig();
  await rig.client.pushMany(Array.from({ length: 1_000 }, () => envelopeOf({}, rig.clock)));
  let doneWhenTurned = -1;
  let done = 0;
  await rig.consume(() => {
    done += 1;
    return DONE;
  });
  setImmediate(() =>
    setImmediate(() => {
      doneWhenTurned = done;
    }),
  );
  await rig.clock.advance(0);
  expect(done).toBe(1_000);
  expect(doneWhenTurned).toBeLessThan(10);
});

test('a queue is nobody else’s business', async () => {
  const rig = openRig();
  await rig.push({ queue: 'other' });
  await rig.consume(() => DONE);
  await rig.clock.advance(0);
  expect((await rig.client.counts('other')).waiting).toBe(1);
});

test('a delayed task is taken when it is due, to the millisecond, in order of their times', async () => {
  const { clock, push, consume } = openRig();
  const start = clock.now();
  const taken: unknown[] = [];
  await consume(({ payload }) => {
    taken.push([payload, clock.now() - start]);
    return DONE;
  });
  const year = 366 * 86_400_000;
  for (const delayMs of [500, year, 20, 500, 0]) await push({ delayMs, payloadJson: `${delayMs}` });
  await clock.advance(499);
  expect(taken).toEqual([
    [0, 0],
    [20, 20],
  ]);
  await clock.advance(year - 500);
  expect(taken.slice(2)).toEqual([
    [500, 500],
    [500, 500],
  ]);
  await clock.advance(1);
  expect(taken.at(-1)).toEqual([year, year]);
});

test('more tasks than are moved at once come due together', async () => {
  const rig = openRig();
  const tasks = Array.from({ length: 2_500 }, () => envelopeOf({ delayMs: 10 }, rig.clock));
  await rig.client.pushMany(tasks);
  await rig.consume(() => DONE, { concurrency: 50 });
  await rig.clock.advance(10);
  expect(rig.settled.map(({ id }) => id)).toEqual(tasks.map(({ id }) => id));
});

test('a task that came due while nobody consumed is taken by who comes then', async () => {
  const { clock, push, consume, settled } = openRig();
  await push({ delayMs: 100 });
  await clock.advance(1_000);
  expect(clock.timers).toBe(0);
  await consume(() => DONE);
  await clock.advance(0);
  expect(settled).toHaveLength(1);
});

test('isConsuming from the start to the stop', async () => {
  const { client, clock, consumer: broker, push, consume } = openRig();
  const other = broker.consume({
    queue: 'q',
    concurrency: 1,
    run: never,
    retention: new Map(),
    worker: 'w',
    listener: { settled: () => undefined, leaseLost: () => undefined },
  });
  expect(other.isConsuming()).toBe(false);
  const consumer = await consume(() => DONE);
  expect(consumer.isConsuming()).toBe(true);
  await consumer.quiet();
  expect(consumer.isConsuming()).toBe(false);
  await other.stop(0);
  await other.start();
  expect(other.isConsuming()).toBe(false);
  await push();
  await clock.advance(0);
  expect([other.active, (await client.counts('q')).waiting]).toEqual([0, 1]);
});
