import {
  type AuditRecord,
  type ConcurrencyRule,
  type ConcurrencyScope,
  type FleetBroker,
  type FleetChange,
  GoflowError,
  type QueueRecord,
  type QueuesOptions,
} from '@goflow/shared';
import type { RedisQueueBackend } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import type { Deadline } from '../deadline.js';
import { queueKey } from '../keys.js';
import { FleetRules, newNonce } from './fleet-rules.js';
import { listQueues } from './list-queues.js';

/** What {@link BullMqFleet} is made with. */
export interface BullMqFleetOptions {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  /** Bounds every call: `Deadline.within`. */
  readonly within: Deadline['within'];
  /** The same for what changes something: replicas may have to have it, too. Safe to run twice. */
  readonly confirmed: <T>(write: () => Promise<T>) => Promise<T>;
  readonly open: (queue: string) => Promise<RedisQueueBackend>;
  readonly report: (error: Error) => void;
}

/** Steers the fleet through Redis. A call that is sent twice, because no answer came to the first, is one change. */
export class BullMqFleet implements FleetBroker {
  readonly #options: BullMqFleetOptions;
  readonly #rules: FleetRules;

  constructor(options: BullMqFleetOptions) {
    this.#options = options;
    this.#rules = new FleetRules(options);
  }

  rules(): Promise<readonly ConcurrencyRule[]> {
    return this.#options.within(() => this.#rules.read());
  }

  setRule(
    { queue, labels = {} }: ConcurrencyScope,
    concurrency: number | undefined,
    by: string,
  ): Promise<FleetChange> {
    const nonce = newNonce();
    const isLabelled = Object.keys(labels).length > 0;
    const scope = { ...(queue !== undefined && { queue }), ...(isLabelled && { labels }) };
    return this.#options.confirmed(() => this.#rules.set({ ...scope, concurrency, by }, nonce));
  }

  pause(queue: string, by: string): Promise<FleetChange> {
    return this.#setPaused(queue, true, by);
  }

  resume(queue: string, by: string): Promise<FleetChange> {
    return this.#setPaused(queue, false, by);
  }

  queues({ search = false }: QueuesOptions = {}): Promise<readonly QueueRecord[]> {
    return listQueues(this.#options, search);
  }

  audit(limit: number): Promise<readonly AuditRecord[]> {
    return this.#options.within(() => this.#rules.audit(limit));
  }

  /** The pause is BullMQ's own, so that its tools agree. It lies with the queue, and the audit trail with the fleet: two steps. */
  #setPaused(queue: string, isPaused: boolean, by: string): Promise<FleetChange> {
    const { redis, prefix, confirmed, open } = this.#options;
    const nonce = newNonce();
    const action = isPaused ? 'queue.pause' : 'queue.resume';
    let changed = false;
    return confirmed(async () => {
      const meta = queueKey(prefix, queue, 'meta');
      if ((await redis.exists(meta)) === 0)
        throw new GoflowError('QUEUE_UNKNOWN', `there is no queue ${queue}`);
      const wasPaused = (await redis.hexists(meta, 'paused')) === 1;
      // Stays so when this is tried again: the first time may have changed it, and failed after that.
      changed ||= wasPaused !== isPaused;
      if (!changed) return { changed };
      await (await open(queue)).pause(isPaused);
      await this.#rules.record({ action, by, queue }, nonce);
      return { changed };
    });
  }
}
