import type { QueueLoad, WorkerInfo } from '@goflow/sdk';
import type { Connection } from '../../../connection/connect.js';

/** One look at everything. */
export interface Sample {
  /** Milliseconds since 1970, at Redis. */
  readonly at: number;
  /** The time that rates are made of. */
  readonly overMs: number;
  readonly queues: readonly QueueLoad[];
  readonly workers: readonly WorkerInfo[];
}

/** Looks at all queues and workers. Rates are those of the last `overMs`. */
export async function takeSample({ broker, goflow }: Connection, overMs: number): Promise<Sample> {
  const [queues, workers] = await Promise.all([
    goflow.fleet.rates({ over: overMs }),
    goflow.inspector.workers(),
  ]);
  return { at: broker.clock.now(), overMs, workers, queues };
}
