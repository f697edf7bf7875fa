import type { Cluster, Redis } from 'ioredis';
import { queueKey } from './keys.js';

/** After this long, the next suspect may run beside one that still runs. */
const PROBATION_MS = 30_000;

/**
 * Finds the task that kills its workers among those that only ran beside it. When a process dies, all its tasks come back as suspects.
 * A suspect is run alone among suspects, and a mark in Redis says so. One that comes back with its mark has killed a second
 * process, and is not run again.
 */
export class Suspects {
  readonly #redis: Redis | Cluster;
  readonly #key: string;
  #last: Promise<void> = Promise.resolve();

  constructor(redis: Redis | Cluster, prefix: string, queue: string) {
    this.#redis = redis;
    this.#key = queueKey(prefix, queue, 'suspects');
  }

  /** Waits for this suspect's turn and marks it; `undefined` for one that bears its mark already. */
  async enter(unique: string, worker: string): Promise<(() => void) | undefined> {
    if ((await this.#redis.hexists(this.#key, unique)) === 1) return undefined;
    const before = this.#last;
    let leave: () => void = () => undefined;
    this.#last = new Promise((resolve) => {
      leave = resolve;
    });
    await before;
    try {
      await this.#redis.hset(this.#key, unique, worker);
    } catch (error) {
      // Else every suspect after it would wait for ever.
      leave();
      throw error;
    }
    const timer = setTimeout(leave, PROBATION_MS);
    timer.unref();
    return () => {
      clearTimeout(timer);
      leave();
    };
  }

  /** The suspect ended without harm, or is a dead letter. */
  async acquit(unique: string): Promise<void> {
    await this.#redis.hdel(this.#key, unique);
  }
}
