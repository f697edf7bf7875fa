import { hostname } from 'node:os';
import { VERSION, type WorkerAdvert } from '@goflow/shared';
import type { ResolvedWorkerOptions } from './options.js';
import type { QueueSet } from './queue-set.js';

/** What a worker knows of itself. */
export interface AdvertDeps extends Pick<WorkerAdvert, 'state' | 'startedAt' | 'eventLoopLagMs'> {
  readonly options: ResolvedWorkerOptions;
  readonly queues: QueueSet;
  readonly envelopeVersion: number;
}

/** What the other workers and the clients are told of a worker. */
export function advertOf({ options, queues, ...told }: AdvertDeps): WorkerAdvert {
  const { name, registry, labels, concurrencyBounds } = options;
  const { concurrency, active, concurrencies } = queues;
  const each = Object.entries(concurrencies).map(([queue, { desired, override }]) => [
    queue,
    {
      concurrency: concurrency[queue] ?? 0,
      active: active[queue] ?? 0,
      desired,
      isOverridden: override !== undefined,
    },
  ]);
  return {
    name,
    host: hostname(),
    pid: process.pid,
    version: VERSION,
    // One that takes nothing more is nobody's hope.
    types: told.state === 'running' ? registry.types : [],
    queues: Object.fromEntries(each),
    labels,
    concurrencyBounds,
    lastTakenAt: queues.lastTakenAt,
    ...told,
  };
}
