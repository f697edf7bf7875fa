import type { Cluster, Redis } from 'ioredis';
import { queueKey } from './keys.js';

/** After this long, the next suspect may run beside one that still runs. */
const PROBATION_MS = 30_000;

/** The turns of one process: when it dies, all that it runs dies with it, whatever queue it is of. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Resolves `come` when all that took a turn before have left. */
  take(): { readonly come: Promise<void>; readonly leave: () => void } {
    const come = this.#last;
    let leave: () => void = () => undefined;
    this.#last = new Promise((resolve) => {
      leave = resolve;
    });
    return { come, leave };
  }
}

/** What {@link Suspects} of all queues of one worker share. */
export interface SuspectsOptions {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  readonly turns: Turns;
}

/**
 * Finds the task that kills its workers among those that only ran beside it. When a process dies, all its tasks come back as suspects.
 * A suspect is run alone among the suspects of its process, and a mark in Redis says so. One that comes back with its mark has killed a second
 * process, and is not run again.
 */
export class Suspects {
  readonly #redis: Redis | Cluster;
  readonly #key: string;
  readonly #turns: Turns;

  constructor({ redis, prefix, turns }: SuspectsOptions, queue: string) {
    this.#redis = redis;
    this.#turns = turns;
    this.#key = queueKey(prefix, queue, 'suspects');
  }

  /**
   * Waits for this suspect's turn and marks it. `poison` for one that bears its mark already; `gone` for one that is not to run any more
   * when its turn comes: a mark that nobody takes off would make it poison.
   */
  async enter(
    unique: string,
    worker: string,
    isGone: () => boolean = () => false,
  ): Promise<(() => void) | 'poison' | 'gone'> {
    if ((await this.#redis.hexists(this.#key, unique)) === 1) return 'poison';
    const { come, leave } = this.#turns.take();
    await come;
    if (isGone()) {
      leave();
      return 'gone';
    }
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
