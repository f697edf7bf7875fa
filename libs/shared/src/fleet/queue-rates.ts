import type { TaskDetail } from '../task/task-detail.js';

/** What became of a queue's tasks of late. */
export interface QueueRates {
  /** Tasks a second that completed. */
  readonly completed: number;
  /** Tasks a second that failed for good. */
  readonly failed: number;
  /** 95 of 100 tasks waited no longer between push and start, in milliseconds; `undefined` when none ended. */
  readonly waitP95Ms?: number | undefined;
  /** The same from start to end. */
  readonly runP95Ms?: number | undefined;
}

/** The times of a task that ended. */
export type EndedTask = Pick<TaskDetail, 'starts' | 'pushedAt' | 'startedAt' | 'finishedAt'>;

/** The time that was looked at, in milliseconds since 1970, and what was found in it. */
export interface EndedTasks {
  readonly at: number;
  readonly since: number;
  /** Those that ended last, at most `most` of each: where there are as many, there may be more. */
  readonly completed: readonly EndedTask[];
  readonly failed: readonly EndedTask[];
  readonly most: number;
}

/** Rates and times of the tasks that ended. */
export function queueRatesOf(ended: EndedTasks): QueueRates {
  const { completed, failed } = ended;
  // Those that were tried again, or handed back, waited for more than a worker.
  const once = completed.filter(({ starts }) => starts <= 1);
  return {
    completed: perSecond(completed, ended),
    failed: perSecond(failed, ended),
    waitP95Ms: p95(once.map(({ pushedAt, startedAt = pushedAt }) => startedAt - pushedAt)),
    runP95Ms: p95(once.map(({ startedAt = 0, finishedAt = startedAt }) => finishedAt - startedAt)),
  };
}

/** A full page does not reach back to the beginning: then its own span counts. */
function perSecond(tasks: readonly EndedTask[], { at, since, most }: EndedTasks): number {
  const isWhole = tasks.length < most;
  const oldest = Math.min(at, ...tasks.map(({ finishedAt = at }) => finishedAt));
  const spanMs = Math.max(1, at - (isWhole ? since : oldest));
  return (tasks.length * 1_000) / spanMs;
}

/** The nearest-rank 95th percentile, where there is any number. */
function p95(numbers: readonly number[]): number | undefined {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1];
}
