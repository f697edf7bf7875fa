import type { Cluster, Redis } from 'ioredis';
import type { BullWorker } from './bull-worker.js';
import { isReady } from './redis-connection.js';

/** What {@link StalledCheck} is made with. */
export interface StalledCheckOptions {
  readonly redis: Redis | Cluster;
  readonly leaseMs: number;
  readonly report: (error: unknown) => void;
  /** The worker that does not look itself; undefined while it does. */
  readonly worker: () => BullWorker | undefined;
}

/** Private to BullMQ. */
interface Private {
  moveStalledJobsToWait(): Promise<void>;
}

/**
 * Gives tasks whose worker died back to their queue while a worker is to take nothing: BullMQ's own check ends with the pause of a worker, and a fleet at
 * 0 would leave them with the dead for ever. Looks twice a lease, as BullMQ does, which sees to it that of all workers one looks.
 */
export class StalledCheck {
  readonly #options: StalledCheckOptions;
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(options: StalledCheckOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.#look(), this.#options.leaseMs / 2).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    const { redis, report, worker } = this.#options;
    const current = worker();
    // While Redis is away the questions would heap up.
    if (!current || this.#isLooking || !isReady(redis)) return;
    this.#isLooking = true;
    try {
      await (current as unknown as Private).moveStalledJobsToWait();
    } catch (error) {
      // It may have been closed meanwhile.
      if (this.#timer) report(error);
    } finally {
      this.#isLooking = false;
    }
  }
}
