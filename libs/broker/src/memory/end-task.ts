import {
  type Cancelled,
  cancelledFailure,
  type HandBackReason,
  isFinal,
  type TaskId,
  type Verdict,
} from '@goflow/shared';
import { type Entry, restOf, type StoredChunk } from './stored-chunk.js';
import type { StoredTask } from './stored-task.js';
import { endAttempt } from './task-history.js';
import type { TaskStore } from './task-store.js';

/** Records what running a task came to. */
export function settleTask(store: TaskStore, task: StoredTask, verdict: Verdict): void {
  task.endRun = undefined;
  if (verdict.kind === 'handed-back') {
    // It was begun in time.
    if (BEGUN.has(verdict.reason)) forgetStartBy(task);
    const { chunk } = task;
    const isOwnMatter = !chunk || OWN_MATTERS.has(verdict.reason);
    goOn(store, isOwnMatter ? task : restOf(chunk), { delayMs: verdict.delayMs, where: 'first' });
    return;
  }
  if (verdict.kind === 'completed') {
    complete(store, task, verdict);
    return;
  }
  const { kind, failure } = verdict;
  // It was taken, and found to be too late: no handler was called.
  const isUnspent = verdict.kind !== 'retry' && verdict.isUnspent === true;
  if (!isUnspent) endAttempt(task, kind, { at: store.clock.now(), failure });
  task.failureJson = JSON.stringify(failure);
  if (verdict.kind === 'retry') goOn(store, task, { delayMs: verdict.delayMs, where: 'last' });
  else store.finish(task, verdict.kind);
}

/** Reasons to hand a task back whose handler had begun. */
const BEGUN = new Set<HandBackReason>(['stopping', 'snoozed', 'store-away']);

/** Reasons that say nothing of the other tasks of its chunk. */
const OWN_MATTERS = new Set<HandBackReason>(['snoozed', 'store-away']);

function forgetStartBy(task: StoredTask): void {
  const { startBy: _, ...envelope } = task.envelope;
  task.envelope = envelope;
}

function complete(
  store: TaskStore,
  task: StoredTask,
  { resultJson, isStored }: Extract<Verdict, { kind: 'completed' }>,
): void {
  endAttempt(task, 'completed', { at: store.clock.now() });
  task.resultJson = isStored ? undefined : resultJson;
  task.isStored = isStored === true;
  task.failureJson = undefined;
  task.work = undefined;
  store.finish(task, 'completed');
}

/** Gives a chunk back of which nothing runs: it is the next to be taken. One without tasks does no harm: it is over when it is taken. */
export function handBackChunk(store: TaskStore, chunk: StoredChunk): void {
  goOn(store, restOf(chunk), { delayMs: 0, where: 'first' });
}

interface GoingOn {
  readonly delayMs: number;
  readonly where: 'first' | 'last';
}

function goOn(store: TaskStore, entry: Entry, { delayMs, where }: GoingOn): void {
  const queue = store.openQueue(entry.queue);
  if (delayMs > 0) queue.delay(entry, store.clock.now() + delayMs);
  else queue.wait(entry, where);
}

/** Ends a task wherever it is. */
export function cancelTask(store: TaskStore, id: TaskId, reason: string): Cancelled {
  const task = store.find(id);
  if (!task) return { found: 'unknown', effect: 'none' };
  const found = task.state;
  if (isFinal(found)) return { found, effect: 'none' };
  if (task.endRun) {
    task.endRun(reason);
    return { found, effect: 'requested' };
  }
  task.failureJson = JSON.stringify(cancelledFailure(reason));
  store.finish(task, 'cancelled');
  return { found, effect: 'cancelled' };
}
