import { GoflowError, newTaskId, type TakenTask, type Verdict } from '@goflow/shared';
import { expect, test } from 'vitest';
import { DONE, FAILED, FAILURE, never, openRig } from './rig.test-d.js';

const retry = (delayMs: number, message = 'no luck'): Verdict => ({
  kind: 'retry',
  failure: { ...FAILURE, message },
  delayMs,
});
const handedBack = (delayMs: number): Verdict => ({
  kind: 'handed-back',
  reason: 'handler-missing',
  delayMs,
});

test.each(['failed', 'cancelled', 'expired'] as const)('%s is final', async (kind) => {
  const { client, clock, push, consume, settled } = openRig();
  const id = await push();
  const failure = { ...FAILURE, stack: 'Error: no luck\n  at x', details: { a: 1 } };
  await consume(() => ({ kind, failure }));
  await clock.advance(3_600_000);
  const now = clock.now() - 3_600_000;
  expect(await client.read([id])).toEqual([
    {
      id,
      type: 't',
      state: kind,
      attempts: 1,
      pushedAt: now,
      startedAt: now,
      finishedAt: now,
      failure,
    },
  ]);
  expect(settled.map((one) => one.kind)).toEqual([kind]);
});

test('a task is tried again after its delay, counts its attempts, and forgets its failure when it completes', async () => {
  const { client, clock, push, consume, settled } = openRig();
  const id = await push();
  const start = clock.now();
  const seen: unknown[] = [];
  await consume(({ attempt, starts }) => {
    seen.push([attempt, starts, clock.now() - start]);
    return attempt < 3 ? retry(100) : DONE;
  });
  await clock.advance(50);
  expect(await client.detail(id)).toMatchObject({
    state: 'delayed',
    attempts: 1,
    starts: 1,
    failure: FAILURE,
    dueAt: start + 100,
    startedAt: start,
  });
  await clock.advance(1_000);
  expect(seen).toEqual([
    [1, 1, 0],
    [2, 2, 100],
    [3, 3, 200],
  ]);
  const detail = await client.detail(id);
  expect(detail).toMatchObject({ state: 'completed', attempts: 3, finishedAt: start + 200 });
  expect([detail?.failure, detail?.dueAt]).toEqual([undefined, undefined]);
  expect(settled.map(({ kind }) => kind)).toEqual(['retry', 'retry', 'completed']);
});

test('a retry without a delay goes to the end of the line, a hand-back to its front', async () => {
  const { clock, push, consume } = openRig();
  for (const payloadJson of ['"retry"', '"back"', '"last"']) await push({ payloadJson });
  await push({ payloadJson: '"low"', priority: 9 });
  await push({ payloadJson: '"lower"', priority: 9 });
  const seen: unknown[] = [];
  await consume(({ payload, starts }) => {
    seen.push(payload);
    if (starts > 1) return DONE;
    if (payload === 'retry') return retry(0);
    return payload === 'back' || payload === 'low' ? handedBack(0) : DONE;
  });
  await clock.advance(0);
  expect(seen).toEqual(['retry', 'back', 'back', 'last', 'retry', 'low', 'low', 'lower']);
});

test('a hand-back spends no attempt, and may take its time', async () => {
  const { client, clock, push, consume, settled } = openRig();
  const id = await push();
  const seen: unknown[] = [];
  await consume(({ attempt, starts }) => {
    seen.push([attempt, starts]);
    return starts < 3 ? handedBack(1_000) : DONE;
  });
  await clock.advance(0);
  expect(await client.detail(id)).toMatchObject({ state: 'delayed', attempts: 0, history: [] });
  await clock.advance(5_000);
  expect(seen).toEqual([
    [1, 1],
    [1, 2],
    [1, 3],
  ]);
  expect(await client.read([id])).toMatchObject([{ state: 'completed', attempts: 1 }]);
  expect(settled.map(({ kind }) => kind)).toEqual(['handed-back', 'handed-back', 'completed']);
});

test('the history tells of each attempt, the running one among them', async () => {
  const { client, clock, push, consume } = openRig();
  const id = await push();
  const start = clock.now();
  await consume(({ attempt }) =>
    attempt === 1
      ? retry(100, 'x'.repeat(600))
      : new Promise((resolve) => {
          clock.after(40, () => resolve(FAILED));
        }),
  );
  await clock.advance(100);
  const first = {
    attempt: 1,
    startedAt: new Date(start),
    endedAt: new Date(start),
    worker: 'w1',
    outcome: 'retry',
    failure: { name: 'Error', message: 'x'.repeat(500), code: 'HANDLER_FAILED' },
  };
  const second = { attempt: 2, startedAt: new Date(start + 100), worker: 'w1' };
  expect((await client.detail(id))?.history).toEqual([first, { ...second, outcome: 'active' }]);
  await clock.advance(40);
  expect((await client.detail(id))?.history).toEqual([
    first,
    { ...second, outcome: 'failed', endedAt: new Date(start + 140), failure: FAILURE },
  ]);
});

test('of very many attempts the last 50 are told; a task that expired had none', async () => {
  const { client, clock, push, consume } = openRig();
  const id = await push();
  const late = await push({ payloadJson: '"late"' });
  await consume(({ attempt, payload }) => {
    if (payload === 'late') return { kind: 'expired', failure: FAILURE, isUnspent: true };
    return attempt < 1_000 ? retry(0) : FAILED;
  });
  await clock.advance(0);
  const detail = await client.detail(id);
  expect(detail?.attempts).toBe(1_000);
  const attempts = detail?.history.map(({ attempt }) => attempt);
  expect(attempts).toEqual(Array.from({ length: 50 }, (_, at) => 951 + at));
  expect(await client.detail(late)).toMatchObject({ history: [], attempts: 0 });
});

test.each([0, 1_000])('a task with a delay of %s ms is cancelled at once', async (delayMs) => {
  const { client, clock, push, consume, settled } = openRig();
  const id = await push({ delayMs });
  const found = delayMs === 0 ? 'waiting' : 'delayed';
  expect(await client.cancel(id, 'not needed')).toEqual({ found, effect: 'cancelled' });
  const failure = {
    name: 'GoflowError',
    code: 'TASK_CANCELLED',
    message: 'the task was cancelled: not needed',
  };
  expect(await client.detail(id)).toMatchObject({
    state: 'cancelled',
    failure,
    finishedAt: clock.now(),
    attempts: 0,
    history: [],
  });
  expect((await client.read([id]))[0]?.failure).toEqual(failure);
  await consume(() => DONE);
  await clock.advance(2_000);
  expect(settled).toEqual([]);
  expect(await client.cancel(id, 'again')).toEqual({ found: 'cancelled', effect: 'none' });
});

test('a task that waits for another attempt is cancelled at once, and its attempts stay known', async () => {
  const { client, clock, push, consume } = openRig();
  const id = await push();
  await consume(() => retry(100));
  await clock.advance(0);
  expect(await client.cancel(id, 'no')).toEqual({ found: 'delayed', effect: 'cancelled' });
  expect(await client.detail(id)).toMatchObject({
    state: 'cancelled',
    attempts: 1,
    failure: { code: 'TASK_CANCELLED' },
    history: [{ attempt: 1, outcome: 'retry' }],
  });
  await clock.advance(1_000);
  expect((await client.read([id]))[0]?.state).toBe('cancelled');
});

test('a running task that is cancelled ends at once; what its handler says later is dropped', async () => {
  const { client, clock, push, consume, settled } = openRig();
  const ids = [await push(), await push()];
  const taken: { task: TakenTask; end: (verdict: Verdict) => void }[] = [];
  const consumer = await consume(
    (task) =>
      new Promise((resolve) => {
        taken.push({ task, end: resolve });
      }),
  );
  await clock.advance(0);
  const [id = ''] = ids;
  expect(await client.cancel(id, 'not needed')).toEqual({ found: 'active', effect: 'requested' });
  const reason = taken[0]?.task.signal.reason as GoflowError;
  expect(taken[0]?.task.isAborted).toBe(true);
  expect(reason).toBeInstanceOf(GoflowError);
  expect(reason).toMatchObject({
    code: 'TASK_CANCELLED',
    message: 'the task was cancelled: not needed',
  });
  expect(settled).toMatchObject([{ id, kind: 'cancelled' }]);
  expect((await client.read([id]))[0]).toMatchObject({
    state: 'cancelled',
    attempts: 1,
    finishedAt: clock.now(),
    failure: { code: 'TASK_CANCELLED' },
  });
  await clock.advance(0);
  // Its slot is free.
  expect(taken[1]?.task.id).toBe(ids[1]);
  taken[0]?.end(DONE);
  await taken[0]?.task.report({ progressJson: '1' });
  await clock.advance(0);
  expect(await client.detail(id)).toMatchObject({ state: 'cancelled', progress: undefined });
  expect(settled).toHaveLength(1);
  expect(consumer.active).toBe(1);
  taken[1]?.end(DONE);
});

test('a signal that is looked at before tells of the abort; the first reason stays', async () => {
  const { clock, client, push, consume } = openRig();
  const id = await push();
  const reasons: unknown[] = [];
  await consume((task) => {
    const { signal } = task;
    expect(task.signal).toBe(signal);
    signal.addEventListener('abort', () => reasons.push(signal.reason));
    return never();
  });
  await clock.advance(0);
  await client.cancel(id, 'one');
  await client.cancel(id, 'two');
  expect(reasons).toMatchObject([{ message: 'the task was cancelled: one' }]);
});

test('an unknown task cannot be cancelled', async () => {
  const { client } = openRig();
  const nothing = { found: 'unknown', effect: 'none' };
  expect(await client.cancel(newTaskId('q'), 'no')).toEqual(nothing);
  expect(await client.cancel('nonsense', 'no')).toEqual(nothing);
});
