import type { Verdict } from '@goflow/shared';
import type { Job } from 'bullmq';
import { expect, test } from 'vitest';
import { Lease } from './lease.js';
import { RunningTasks } from './running-tasks.js';
import { TakenJob } from './taken-job.js';

const DONE: Verdict = { kind: 'completed', resultJson: '1' };
const LEAVING = { kind: 'handed-back', reason: 'stopping', delayMs: 0 };
const RETRY: Verdict = {
  kind: 'retry',
  failure: { name: 'Error', message: 'why', code: 'HANDLER_FAILED' },
  delayMs: 5,
};
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Something that runs until it is told to end. */
function begin(running: RunningTasks, unique: string, index?: number) {
  const job = { id: unique, name: 't', opts: {}, attemptsMade: 0, timestamp: 1 };
  const report = async (): Promise<void> => undefined;
  const taking = { queue: 'default', token: 't', lease: new Lease(), report };
  const ofChunk = index === undefined ? {} : { ofChunk: { index, payload: null } };
  const task = new TakenJob({ ...taking, ...ofChunk, job: job as unknown as Job });
  const verdicts: Verdict[] = [];
  let end = (_verdict: Verdict): void => undefined;
  const run = () =>
    new Promise<Verdict>((resolve) => {
      end = resolve;
    });
  running.begin(unique, { task, run, ended: (verdict) => verdicts.push(verdict) });
  const endWith = async (verdict: Verdict): Promise<void> => {
    end(verdict);
    await turn();
  };
  return { task, verdicts, endWith };
}

test('what runs is known by its id until it ends, and how it ended is known then', async () => {
  const running = new RunningTasks();
  const { task, verdicts, endWith } = begin(running, 'a');
  begin(running, 'b.3');
  expect([running.size, [...running.uniques]]).toEqual([2, ['a', 'b.3']]);
  expect(['a', 'b.3', 'b'].map((unique) => running.has(unique))).toEqual([true, true, false]);
  await endWith(DONE);
  expect(verdicts).toEqual([DONE]);
  expect(task.verdict).toBe(DONE);
  expect(task.runMs).toBeGreaterThan(0);
  expect([running.size, running.has('a')]).toEqual([1, false]);
});

test('one that is cancelled is free at once; what it still comes to is dropped', async () => {
  const running = new RunningTasks();
  const { task, verdicts, endWith } = begin(running, 'a');
  expect(running.cancel('b', 'why')).toBe(false);
  expect(running.cancel('a', 'why')).toBe(true);
  expect(verdicts).toMatchObject([{ kind: 'cancelled', failure: { code: 'TASK_CANCELLED' } }]);
  expect(task.signal.reason).toMatchObject({ code: 'TASK_CANCELLED' });
  expect([running.size, running.cancel('a', 'again')]).toEqual([0, false]);
  await endWith(DONE);
  expect(verdicts).toHaveLength(1);
  expect(task.verdict).toMatchObject({ kind: 'cancelled' });
});

test('what is still to come of an attempt does not end the next one of the same task', async () => {
  const running = new RunningTasks();
  const first = begin(running, 'a');
  running.cancel('a', 'why');
  const second = begin(running, 'a');
  await first.endWith(DONE);
  expect([running.has('a'), second.verdicts]).toEqual([true, []]);
});

test('attempts that the worker breaks off go back, but for what completed all the same', async () => {
  const running = new RunningTasks();
  const [first, second, third] = ['a', 'b', 'c'].map((unique) => begin(running, unique));
  third?.task.abort(new Error('timed out before'));
  const reason = new Error('the worker is stopping');
  running.breakOff(reason);
  expect(first?.task.signal.reason).toBe(reason);
  await first?.endWith(RETRY);
  await second?.endWith(DONE);
  await third?.endWith(RETRY);
  expect(first?.verdicts).toEqual([LEAVING]);
  expect(second?.verdicts).toEqual([DONE]);
  expect(third?.verdicts).toEqual([RETRY]);
});

test('what heeds nothing is handed back', async () => {
  const running = new RunningTasks();
  const [first, second] = ['a', 'b'].map((unique) => begin(running, unique));
  running.handBack();
  expect([first?.verdicts, second?.verdicts]).toEqual([[LEAVING], [LEAVING]]);
  expect(running.size).toBe(0);
});

/** Whether a promise has settled by now. */
async function isOver(promise: Promise<void>): Promise<boolean> {
  let over = false;
  void promise.then(() => {
    over = true;
  });
  await turn();
  return over;
}

test('a chunk holds its slot between its tasks, too', async () => {
  const running = new RunningTasks();
  running.hold('chunk');
  expect([running.has('chunk'), running.size]).toEqual([true, 0]);
  const idle = running.idle(60_000);
  const { endWith } = begin(running, 'chunk.0');
  await endWith(DONE);
  expect(await isOver(idle)).toBe(false);
  running.release('chunk');
  await idle;
  expect(running.has('chunk')).toBe(false);
});

test('a chunk that is let go while a task runs: idle when that has ended', async () => {
  const running = new RunningTasks();
  running.hold('chunk');
  const { endWith } = begin(running, 'a');
  const idle = running.idle(60_000);
  running.release('chunk');
  expect(await isOver(idle)).toBe(false);
  await endWith(DONE);
  await idle;
});

test('idle is at once where nothing runs, and waits no longer than it is told', async () => {
  const running = new RunningTasks();
  await running.idle(60_000);
  begin(running, 'a');
  await running.idle(5);
  expect(running.size).toBe(1);
});

test('a chunk has one slot, whether one of its tasks runs or not', async () => {
  const running = new RunningTasks();
  const alone = begin(running, 'a.1');
  running.hold('b');
  expect([running.slots, running.size]).toEqual([2, 1]);
  const inChunk = begin(running, 'b.0', 0);
  expect([running.slots, running.size]).toEqual([2, 2]);
  await inChunk.endWith(DONE);
  expect([running.slots, running.size]).toEqual([2, 1]);
  running.release('b');
  await alone.endWith(DONE);
  expect([running.slots, running.size]).toEqual([0, 0]);
});
