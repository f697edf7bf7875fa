import type { TakenTask, TaskId, Verdict } from '@goflow/shared';
import { expect, test } from 'vitest';
import { chunkOf, DONE, FAILED, FAILURE, never, openRig } from './rig.test-d.js';

const RETRY: Verdict = { kind: 'retry', failure: FAILURE, delayMs: 100 };

/** A run that ends its tasks when the test says so, and knows which run. */
function held() {
  const running = new Map<TaskId, (verdict: Verdict) => void>();
  const begun: TaskId[] = [];
  const run = ({ id }: TakenTask): Promise<Verdict> => {
    begun.push(id);
    return new Promise((resolve) => {
      running.set(id, (verdict) => {
        running.delete(id);
        resolve(verdict);
      });
    });
  };
  const end = (verdict: Verdict = DONE): void => {
    for (const one of running.values()) one(verdict);
  };
  return { run, end, begun, ids: () => [...running.keys()] };
}

test('each task of a chunk is read, listed and counted like any other', async () => {
  const { client, clock, pushChunk } = openRig();
  const shared = { tags: ['eu'], maxAttempts: 3, priority: 4, replyTo: 'nowhere' };
  const ids = await pushChunk(3, shared);
  expect((await client.counts('q')).waiting).toBe(3);
  const { tasks } = await client.inspector.page({ queue: 'q', state: 'waiting', limit: 2 });
  expect(tasks.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
  expect(await client.detail(ids[1] ?? '')).toMatchObject({
    id: ids[1],
    type: 't',
    state: 'waiting',
    payload: 1,
    pushedAt: clock.now(),
    tags: ['eu'],
    maxAttempts: 3,
    priority: 4,
    starts: 0,
  });
});

test('one after another in one slot, in the order of their index', async () => {
  const { client, clock, pushChunk, consume } = openRig();
  const ids = await pushChunk(3);
  const work = held();
  const consumer = await consume(work.run, { concurrency: 5 });
  for (const id of ids) {
    await clock.advance(5);
    expect([consumer.active, work.ids()]).toEqual([1, [id]]);
    work.end({ kind: 'completed', resultJson: `"${id}"` });
  }
  await clock.advance(0);
  const records = await client.read(ids);
  expect(records.map((record) => record?.result)).toEqual(ids);
  const first = records[0]?.startedAt ?? 0;
  expect(records.map((record) => (record?.startedAt ?? 0) - first)).toEqual([0, 5, 10]);
});

test('two chunks run at once, and never two tasks of one', async () => {
  const rig = openRig();
  const chunks = [await rig.pushChunk(4), await rig.pushChunk(4), await rig.pushChunk(4)];
  const work = held();
  await rig.consume(work.run, { concurrency: 2 });
  for (let round = 0; round < 6; round += 1) {
    await rig.clock.advance(0);
    const running = work.ids();
    const of = running.map((id) => chunks.findIndex((ids) => ids.includes(id)));
    expect(new Set(of).size).toBe(Math.min(2, round < 4 ? 2 : 1));
    expect(of).toHaveLength(new Set(of).size);
    work.end();
  }
  await rig.clock.advance(0);
  work.end();
  await rig.clock.advance(0);
  work.end();
  await rig.clock.advance(0);
  expect(work.begun).toHaveLength(12);
});

test('of a chunk that is taken all tasks are active, and only the one that runs has begun', async () => {
  const { client, clock, pushChunk, consume } = openRig();
  const [first = '', second = ''] = await pushChunk(3);
  await consume(never);
  await clock.advance(0);
  expect(await client.counts('q')).toMatchObject({ waiting: 0, active: 3 });
  const begun = { state: 'active', starts: 1, startedAt: clock.now(), history: [{ attempt: 1 }] };
  expect(await client.detail(first)).toMatchObject(begun);
  const rest = await client.detail(second);
  expect(rest).toMatchObject({ state: 'active', starts: 0, history: [] });
  expect(rest?.startedAt).toBeUndefined();
});

test('a task that is tried again leaves its chunk: its neighbours go on, and it takes a slot of its own', async () => {
  const { client, clock, pushChunk, consume } = openRig();
  const ids = await pushChunk(3);
  const seen: unknown[] = [];
  await consume(({ id, attempt, payload }) => {
    seen.push([id, attempt]);
    return payload === 1 && attempt === 1 ? RETRY : DONE;
  });
  await clock.advance(0);
  expect(await client.counts('q')).toMatchObject({ completed: 2, delayed: 1 });
  await clock.advance(100);
  expect(seen).toEqual([
    [ids[0], 1],
    [ids[1], 1],
    [ids[2], 1],
    [ids[1], 2],
  ]);
  const records = await client.read(ids);
  expect(records.map((record) => record?.attempts)).toEqual([1, 2, 1]);
});

test('a retry without a wait runs beside the chunk that it has left', async () => {
  const { clock, pushChunk, consume } = openRig();
  const ids = await pushChunk(3);
  const work = held();
  await consume(work.run, { concurrency: 2 });
  await clock.advance(0);
  work.end({ ...RETRY, delayMs: 0 });
  await clock.advance(0);
  expect(work.ids().toSorted()).toEqual([ids[0], ids[1]]);
});

test.each(['snoozed', 'store-away'] as const)('%s concerns one task alone', async (reason) => {
  const { client, clock, pushChunk, consume } = openRig();
  const ids = await pushChunk(3);
  await consume(({ payload, starts }) =>
    payload === 0 && starts === 1 ? { kind: 'handed-back', reason, delayMs: 50 } : DONE,
  );
  await clock.advance(0);
  const states = (await client.read(ids)).map((record) => record?.state);
  expect(states).toEqual(['delayed', 'completed', 'completed']);
  await clock.advance(50);
  expect((await client.counts('q')).completed).toBe(3);
});

test('handler-missing hands back all that is left of the chunk, as one', async () => {
  const { client, clock, pushChunk, consume, settled } = openRig();
  const ids = await pushChunk(4);
  await consume(
    ({ payload, starts }) =>
      payload === 1 && starts === 1
        ? { kind: 'handed-back', reason: 'handler-missing', delayMs: 50 }
        : DONE,
    { concurrency: 3 },
  );
  await clock.advance(49);
  const states = (await client.read(ids)).map((record) => record?.state);
  expect(states).toEqual(['completed', 'delayed', 'delayed', 'delayed']);
  expect((await client.detail(ids[3] ?? ''))?.dueAt).toBe(clock.now() + 1);
  await clock.advance(1);
  expect(settled.map(({ id, kind }) => [id, kind])).toEqual([
    [ids[0], 'completed'],
    [ids[1], 'handed-back'],
    [ids[1], 'completed'],
    [ids[2], 'completed'],
    [ids[3], 'completed'],
  ]);
});

test('a chunk is delayed as a whole, and its priority counts as a whole', async () => {
  const { client, clock, push, pushChunk, consume } = openRig();
  const last = await pushChunk(2, { priority: 9 });
  const first = await pushChunk(2, { priority: 1 });
  const alone = await push({ priority: 5 });
  const later = await pushChunk(2, { delayMs: 100 });
  const ran: TaskId[] = [];
  await consume(({ id }) => {
    ran.push(id);
    return DONE;
  });
  await clock.advance(99);
  expect(ran).toEqual([...first, alone, ...last]);
  expect((await client.counts('q')).delayed).toBe(2);
  expect(await client.detail(later[1] ?? '')).toMatchObject({ dueAt: clock.now() + 1 });
  await clock.advance(1);
  expect(ran.slice(5)).toEqual(later);
});

test('many chunks come due together, in their order', async () => {
  const { client, clock, consume, settled } = openRig();
  const chunks = Array.from({ length: 30 }, () => chunkOf(100, { delayMs: 10 }, clock));
  await client.pushChunks(chunks);
  await consume(() => DONE);
  await clock.advance(10);
  const ids = chunks.flatMap(({ id }) => Array.from({ length: 100 }, (_, at) => `${id}:${at}`));
  expect(settled.map(({ id }) => id)).toEqual(ids);
});

test('a chunk that is sent twice is there once', async () => {
  const { client, clock, consume, settled } = openRig();
  const chunk = chunkOf(2, {}, clock);
  expect(await client.pushChunks([chunk, chunk])).toEqual([undefined, undefined]);
  await consume(() => DONE);
  await clock.advance(0);
  await client.pushChunks([chunk]);
  await clock.advance(0);
  expect(settled).toHaveLength(2);
});

test('a dead letter is redriven by itself, and one is discarded by itself', async () => {
  const { client, clock, pushChunk, consume } = openRig();
  const [first = '', second = '', third = ''] = await pushChunk(3);
  let isBroken = true;
  await consume(() => (isBroken ? FAILED : DONE));
  await clock.advance(0);
  isBroken = false;
  expect(await client.inspector.redrive(second)).toEqual({ found: 'failed', done: true });
  expect(await client.inspector.discard(third)).toEqual({ found: 'failed', done: true });
  await clock.advance(0);
  const records = await client.read([first, second, third]);
  expect(records.map((record) => record?.state)).toEqual(['failed', 'completed', undefined]);
});

test('each task is kept for its own time', async () => {
  const { client, clock, pushChunk, consume } = openRig();
  const ids = await pushChunk(3, { retention: { completedMs: 100, failedMs: 1_000 } });
  await consume(async ({ payload }) => {
    await new Promise<void>((resolve) => {
      clock.after(60, resolve);
    });
    return payload === 1 ? FAILED : DONE;
  });
  const known = async () => (await client.read(ids)).map((record) => record?.state);
  await clock.advance(160);
  expect(await known()).toEqual(['completed', 'failed', 'active']);
  await clock.advance(1);
  expect(await known()).toEqual([undefined, 'failed', 'active']);
  await clock.advance(20);
  expect(await known()).toEqual([undefined, 'failed', 'completed']);
  await clock.advance(1_000);
  expect(await known()).toEqual([undefined, undefined, undefined]);
  expect((await client.counts('q')).completed).toBe(0);
});

test('the quick tasks of a chunk leave the event loop its turns', async () => {
  const { clock, pushChunk, consume } = openRig();
  await pushChunk(1_000);
  let done = 0;
  let doneWhenTurned = -1;
  await consume(() => {
    done += 1;
    return DONE;
  });
  setImmediate(() =>
    setImmediate(() => {
      doneWhenTurned = done;
    }),
  );
  await clock.advance(0);
  expect(done).toBe(1_000);
  expect(doneWhenTurned).toBeLessThan(10);
});

test('who waits for a task of a chunk is told of that task, when it has ended', async () => {
  const { client, clock, pushChunk, consume } = openRig();
  const told: TaskId[] = [];
  const inbox = await client.openInbox({
    reply: ({ id }) => told.push(id),
    ready: () => undefined,
    gap: () => undefined,
  });
  const ids = await pushChunk(2, { replyTo: inbox.address });
  const work = held();
  await consume(work.run);
  await clock.advance(0);
  work.end();
  await clock.advance(0);
  expect(told).toEqual([ids[0]]);
});

test('a closed client takes no chunk', async () => {
  const { client, clock } = openRig();
  await client.close();
  await expect(client.pushChunks([chunkOf(2, {}, clock)])).rejects.toMatchObject({
    code: 'CLIENT_CLOSED',
  });
});
