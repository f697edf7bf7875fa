import type { TaskAttempt, TaskEnvelope, TaskFailure, TaskId, TaskState } from '@goflow/shared';
import type { StoredChunk } from './stored-chunk.js';

/** A function of this process that is queued as if it were a task. */
export type Work = (signal: AbortSignal) => unknown;

/** Ends the run of a task from outside, as cancelled. */
export type EndRun = (reason: string) => void;

/** An attempt that ended. Times are milliseconds since 1970. */
export interface StoredAttempt {
  readonly attempt: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly worker: string | undefined;
  readonly outcome: Exclude<TaskAttempt['outcome'], 'active'>;
  readonly failure: Pick<TaskFailure, 'name' | 'message' | 'code'> | undefined;
}

/**
 * A task in the memory of this process. What came from outside or goes there is kept as JSON, so that nobody shares an object with
 * the queue. Times are milliseconds since 1970, on the broker's clock but for those of the envelope.
 */
export interface StoredTask {
  readonly id: TaskId;
  readonly queue: string;
  readonly type: string;
  readonly pushedAt: number;
  /** Rises with every push to this broker. */
  readonly sequence: number;
  /** As it was pushed last; its payload may be another than at first. */
  envelope: TaskEnvelope;
  /** The chunk that it is to be run in; gone when it has left that, see there. */
  chunk: StoredChunk | undefined;
  /** In place of a payload; gone when it has completed. */
  work: Work | undefined;
  state: TaskState;
  /** Attempts that have ended. */
  attempts: number;
  starts: number;
  /** Its place in the line while it waits, and among those of one time while it is delayed. */
  place: number;
  /** When it can be taken, while it is delayed. */
  dueAt: number;
  startedAt: number | undefined;
  finishedAt: number | undefined;
  /** The last moment at which the finished task is known; until then without an end. */
  keptUntil: number;
  /** Who runs it, or ran it last. */
  worker: string | undefined;
  /** There while it runs. */
  endRun: EndRun | undefined;
  resultJson: string | undefined;
  isStored: boolean;
  failureJson: string | undefined;
  progressJson: string | undefined;
  /** The last lines, see `task-log.ts`. */
  log: string[] | undefined;
  history: StoredAttempt[] | undefined;
}

/** A task as it is before its first attempt. */
export function newStoredTask(envelope: TaskEnvelope, sequence: number, work?: Work): StoredTask {
  const { id, queue, type, pushedAt } = envelope;
  return {
    id,
    queue,
    type,
    pushedAt,
    sequence,
    work,
    envelope: ownCopy(envelope),
    chunk: undefined,
    state: 'waiting',
    attempts: 0,
    starts: 0,
    place: 0,
    dueAt: 0,
    startedAt: undefined,
    finishedAt: undefined,
    keptUntil: Number.POSITIVE_INFINITY,
    worker: undefined,
    endRun: undefined,
    resultJson: undefined,
    isStored: false,
    failureJson: undefined,
    progressJson: undefined,
    log: undefined,
    history: undefined,
  };
}

/** An envelope that only the queue can change. Its parts are handed to readers, and so are frozen. */
export function ownCopy(envelope: TaskEnvelope): TaskEnvelope {
  const { tags, backoff, retention } = envelope;
  if (!tags && !backoff && !retention) return { ...envelope };
  return {
    ...envelope,
    ...(tags ? { tags: Object.freeze([...tags]) } : {}),
    ...(backoff ? { backoff: Object.freeze({ ...backoff }) } : {}),
    ...(retention ? { retention: Object.freeze({ ...retention }) } : {}),
  };
}
