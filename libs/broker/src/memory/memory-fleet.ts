import {
  type AuditRecord,
  type ConcurrencyRule,
  type ConcurrencyScope,
  type FleetBroker,
  type FleetChange,
  GoflowError,
  type QueueRecord,
} from '@goflow/shared';
import type { MemoryQueue } from './memory-queue.js';
import type { TaskStore } from './task-store.js';

/** Steers the workers of a memory broker. */
export class MemoryFleet implements FleetBroker {
  readonly #use: () => TaskStore;

  /** `use` gives the store, or throws when the client is closed. */
  constructor(use: () => TaskStore) {
    this.#use = use;
  }

  async rules(): Promise<readonly ConcurrencyRule[]> {
    return structuredClone(this.#use().rules.all);
  }

  async setRule(
    scope: ConcurrencyScope,
    concurrency: number | undefined,
    by: string,
  ): Promise<FleetChange> {
    return this.#use().rules.set(structuredClone(scope), concurrency, by);
  }

  async pause(queue: string, by: string): Promise<FleetChange> {
    return this.#setPaused(queue, true, by);
  }

  async resume(queue: string, by: string): Promise<FleetChange> {
    return this.#setPaused(queue, false, by);
  }

  async queues(): Promise<readonly QueueRecord[]> {
    return this.#use().queues.map(([name, queue]) => toQueueRecord(name, queue));
  }

  async audit(limit: number): Promise<readonly AuditRecord[]> {
    return structuredClone(this.#use().rules.audit(limit));
  }

  #setPaused(name: string, isPaused: boolean, by: string): FleetChange {
    const store = this.#use();
    const queue = store.queue(name);
    if (!queue) throw new GoflowError('QUEUE_UNKNOWN', `there is no queue ${name}`);
    if (queue.isPaused === isPaused) return { changed: false };
    queue.setPaused(isPaused);
    store.rules.record({ action: isPaused ? 'queue.pause' : 'queue.resume', by, queue: name });
    return { changed: true };
  }
}

/** A queue, as it is told of. */
export function toQueueRecord(
  queue: string,
  { isPaused, counts, oldestWaitingAt }: MemoryQueue,
): QueueRecord {
  const oldest = oldestWaitingAt === undefined ? {} : { oldestWaitingAt };
  return { queue, isPaused, counts, ...oldest };
}
