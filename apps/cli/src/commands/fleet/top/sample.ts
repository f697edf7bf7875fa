import type { WorkerInfo } from '@goflow/sdk';
import type { QueueRecord, TaskDetail } from '@goflow/shared';
import type { Connection } from '../../../connection/connect.js';

/** What became of a queue's tasks in the time that was looked at. */
export interface QueueRates {
  /** Tasks a second. */
  readonly completed: number;
  readonly failed: number;
  /** 95 of 100 tasks waited no longer between push and start, in milliseconds; `undefined` when none ended. */
  readonly waitP95Ms?: number | undefined;
  /** The same from start to end. */
  readonly runP95Ms?: number | undefined;
}

export type QueueSample = QueueRecord & QueueRates;

/** One look at everything. */
export interface Sample {
  /** Milliseconds since 1970, at Redis. */
  readonly at: number;
  /** The time that rates are made of. */
  readonly overMs: number;
  readonly queues: readonly QueueSample[];
  readonly workers: readonly WorkerInfo[];
}

/** So many of the tasks that ended last are looked at, in each queue and state. */
const MOST_TASKS = 200;

/** Looks at all queues and workers. Rates are those of the last `overMs`. */
export async function takeSample({ broker, goflow }: Connection, overMs: number): Promise<Sample> {
  const [queues, workers] = await Promise.all([goflow.fleet.queues(), goflow.inspector.workers()]);
  const at = broker.clock.now();
  const since = at - overMs;
  const sampled = queues.map(async (queue): Promise<QueueSample> => {
    const ended = async (state: 'completed' | 'failed'): Promise<readonly TaskDetail[]> => {
      if (queue.counts[state] === 0) return [];
      const question = { queue: queue.queue, state, since, limit: MOST_TASKS };
      return (await broker.inspector.page(question)).tasks;
    };
    const [completed, failed] = await Promise.all([ended('completed'), ended('failed')]);
    return { ...queue, ...ratesOf(completed, failed, { at, since }) };
  });
  return { at, overMs, workers, queues: await Promise.all(sampled) };
}

/** The time that was looked at. */
interface Span {
  readonly at: number;
  readonly since: number;
}

function ratesOf(
  completed: readonly TaskDetail[],
  failed: readonly TaskDetail[],
  span: Span,
): QueueRates {
  // Those that were tried again, or handed back, waited for more than a worker.
  const once = completed.filter(({ starts }) => starts <= 1);
  return {
    completed: perSecond(completed, span),
    failed: perSecond(failed, span),
    waitP95Ms: p95(once.map(({ pushedAt, startedAt = pushedAt }) => startedAt - pushedAt)),
    runP95Ms: p95(once.map(({ startedAt = 0, finishedAt = startedAt }) => finishedAt - startedAt)),
  };
}

/** A full page does not reach back to the beginning: then its own span counts. */
function perSecond(tasks: readonly TaskDetail[], { at, since }: Span): number {
  const isWhole = tasks.length < MOST_TASKS;
  const oldest = Math.min(at, ...tasks.map(({ finishedAt = at }) => finishedAt));
  const spanMs = Math.max(1, at - (isWhole ? since : oldest));
  return (tasks.length * 1_000) / spanMs;
}

/** The nearest-rank 95th percentile, where there is any number. */
export function p95(numbers: readonly number[]): number | undefined {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1];
}
