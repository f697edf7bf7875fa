import type { TakenTask, TaskId } from '@goflow/shared';
import { expect, test } from 'vitest';
import { DONE, FAILED, never, openRig } from './rig.test-d.js';

const untilAborted = ({ signal }: TakenTask): Promise<typeof FAILED> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(FAILED));
  });

test('quiet takes nothing new and leaves what runs alone', async () => {
  const { client, clock, push, consume, settled } = openRig();
  await push();
  await push();
  await push({ delayMs: 10 });
  const consumer = await consume(
    () =>
      new Promise((resolve) => {
        clock.after(50, () => resolve(DONE));
      }),
  );
  await clock.advance(0);
  await consumer.quiet();
  await consumer.setConcurrency(5);
  await clock.advance(1_000);
  expect(settled).toHaveLength(1);
  expect(await client.counts('q')).toMatchObject({ completed: 1, waiting: 1, delayed: 1 });
});

test('nothing is taken between a push and quiet', async () => {
  const { client, clock, push, consume } = openRig();
  const consumer = await consume(() => DONE);
  await push();
  await consumer.quiet();
  await clock.advance(0);
  expect((await client.counts('q')).waiting).toBe(1);
});

test('stop with nothing running ends at once, time or no time', async () => {
  const { clock, consume } = openRig();
  const consumer = await consume(() => DONE);
  await consumer.stop(60_000);
  await consumer.stop(60_000);
  expect(clock.timers).toBe(0);
});

test('stop waits for what ends within the grace', async () => {
  const { client, clock, push, consume } = openRig();
  const [id] = [await push(), await push()];
  const aborted: boolean[] = [];
  const consumer = await consume(
    (task) =>
      new Promise((resolve) => {
        clock.after(500, () => {
          aborted.push(task.isAborted);
          resolve(DONE);
        });
      }),
  );
  await clock.advance(0);
  const stopped = consumer.stop(1_000);
  await clock.advance(500);
  await stopped;
  expect(aborted).toEqual([false]);
  expect(clock.now()).toBe((await client.read([id]))[0]?.finishedAt);
  expect(await client.counts('q')).toMatchObject({ completed: 1, waiting: 1 });
  expect(clock.timers).toBe(1);
});

test('after the grace the signal aborts; a handler that heeds it gives its task back, no attempt spent', async () => {
  const { client, clock, push, consume, settled } = openRig();
  const id = await push();
  let reason: unknown;
  const consumer = await consume(async (task) => {
    const verdict = await untilAborted(task);
    reason = task.signal.reason;
    return verdict;
  });
  await clock.advance(0);
  const stopped = consumer.stop(1_000);
  await clock.advance(999);
  expect(reason).toBeUndefined();
  await clock.advance(1);
  await stopped;
  expect(reason).toMatchObject({ code: 'WORKER_STOPPED' });
  expect(settled).toMatchObject([{ id, kind: 'handed-back' }]);
  expect(await client.detail(id)).toMatchObject({ state: 'waiting', attempts: 0, history: [] });
});

test('the first stop says how long the grace is', async () => {
  const { clock, push, consume, settled } = openRig();
  await push();
  const consumer = await consume(
    () =>
      new Promise((resolve) => {
        clock.after(900, () => resolve(DONE));
      }),
  );
  await clock.advance(0);
  const stopped = Promise.all([consumer.stop(1_000), consumer.stop(0)]);
  await clock.advance(900);
  await stopped;
  expect(settled.map(({ kind }) => kind)).toEqual(['completed']);
  expect(clock.timers).toBe(1);
});

test('a handler that completes after the abort has completed', async () => {
  const { client, clock, push, consume } = openRig();
  const id = await push();
  const consumer = await consume(async (task) => {
    await untilAborted(task);
    return DONE;
  });
  await clock.advance(0);
  const stopped = consumer.stop(0);
  await clock.advance(0);
  await stopped;
  expect((await client.read([id]))[0]?.state).toBe('completed');
});

test('an attempt that timed out before ends as it would have', async () => {
  const { client, clock, push, consume } = openRig();
  const id = await push();
  const consumer = await consume(async (task) => {
    task.abort(new Error('timed out'));
    await new Promise<void>((resolve) => {
      clock.after(1_100, resolve);
    });
    return FAILED;
  });
  await clock.advance(0);
  const stopped = consumer.stop(1_000);
  await clock.advance(1_100);
  await stopped;
  expect((await client.read([id]))[0]?.state).toBe('failed');
});

test('stop ends though a handler never does: its task is handed back and runs elsewhere, first in line', async () => {
  const { client, clock, push, consume, settled, openConsumer } = openRig();
  const id = await push();
  const late: { task: TakenTask; complete: () => void }[] = [];
  const consumer = await consume(
    (task) =>
      new Promise((resolve) => {
        late.push({ task, complete: () => resolve(DONE) });
      }),
  );
  await clock.advance(0);
  await push();
  const stopped = consumer.stop(100);
  await clock.advance(499);
  expect(consumer.active).toBe(1);
  await clock.advance(1);
  await stopped;
  expect([consumer.active, consumer.isConsuming()]).toEqual([0, false]);
  expect(settled).toMatchObject([{ id, kind: 'handed-back' }]);
  const starts: unknown[] = [];
  const run = (task: TakenTask) => {
    starts.push([task.id, task.starts, task.attempt]);
    return never();
  };
  await consume(run, { worker: 'w2' }, openConsumer());
  await clock.advance(0);
  expect(starts).toEqual([[id, 2, 1]]);
  // The first handler still goes on: nothing that it says counts.
  late[0]?.complete();
  await late[0]?.task.report({ progressJson: '"late"' });
  await clock.advance(0);
  const detail = await client.detail(id);
  expect(detail).toMatchObject({ state: 'active', history: [{ worker: 'w2' }] });
  expect(detail?.progress).toBeUndefined();
  expect(settled).toHaveLength(1);
});

test('several that are handed back are all there again, before the others', async () => {
  const { client, clock, push, consume, openConsumer } = openRig();
  const ids = [await push(), await push(), await push(), await push()];
  const consumer = await consume(never, { concurrency: 3 });
  await clock.advance(0);
  const stopped = consumer.stop(0);
  await clock.advance(400);
  await stopped;
  await client.cancel(ids[0] ?? '', 'no');
  const ran: TaskId[] = [];
  const run = ({ id }: TakenTask) => {
    ran.push(id);
    return DONE;
  };
  await consume(run, {}, openConsumer());
  await clock.advance(0);
  expect(ran.at(-1)).toBe(ids[3]);
  expect(ran.toSorted()).toEqual(ids.slice(1).toSorted());
});

test('a first abort is the one that counts, looked at or not', async () => {
  const { clock, push, consume } = openRig();
  await push();
  const reasons: unknown[] = [];
  await consume((task) => {
    task.abort('first');
    task.abort('second');
    reasons.push(task.signal.reason, task.isAborted);
    return DONE;
  });
  await clock.advance(0);
  expect(reasons).toEqual(['first', true]);
});

test('closing the workers’ side stops its consumers, and only those', async () => {
  const { client, clock, push, consume, consumer, openConsumer } = openRig();
  const other = openConsumer();
  await consume(() => DONE);
  const second = await consume(() => DONE, { queue: 'other' }, other);
  await consumer.close();
  await consumer.close();
  await push();
  await push({ queue: 'other' });
  await clock.advance(0);
  expect((await client.counts('q')).waiting).toBe(1);
  expect((await client.counts('other')).completed).toBe(1);
  expect(second.isConsuming()).toBe(true);
});
