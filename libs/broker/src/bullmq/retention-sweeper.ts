import { randomUUID } from 'node:crypto';
import type { ResolvedRetention } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { sweepRetained } from './inspector/retained-tasks.js';
import { defineScript } from './inspector/script.js';
import { sweepCancelling } from './inspector/sweep-cancelling.js';
import { classesOf, type RetentionClass, sweepFinished } from './inspector/sweep-finished.js';
import { sweepTags } from './inspector/tag-index.js';
import { queueKey } from './keys.js';

const EVERY_MS = 60_000;
/** How long one sweep may go on, and for how long it keeps the others away: what is left is for the next one. */
const SWEEP_MS = 45_000;
const LOCK_MS = 60_000;

/** What is swept, and how long it is kept. */
export interface SweepOptions {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  readonly queue: string;
  /** By type; tasks of other types are kept as long as the longest of these. */
  readonly retention: ReadonlyMap<string, ResolvedRetention>;
  readonly report: (error: unknown) => void;
}

/** KEYS: the lock. ARGV: the token of its holder. */
const unlock = defineScript<number>(
  'goflowUnlock',
  `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`,
);

/**
 * Every minute: 1. removes the finished tasks of one queue that are past their time, by the clock of Redis: by their push's word,
 * else by their type's, 2. cleans up the index of the tags, and the wishes to cancel what has ended, 3. reports a failure and
 * carries on. One worker at a time, in steps of a few milliseconds of Redis. Here and not at each completion, as BullMQ would do
 * it: that costs every task a search, and leaves an idle queue full. A chunk goes as a whole, by its end.
 */
export class RetentionSweeper {
  readonly #options: SweepOptions;
  readonly #classes: readonly RetentionClass[];
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: SweepOptions) {
    this.#options = options;
    this.#classes = classesOf(options.retention);
  }

  start(): void {
    // By chance at first, so that workers started together do not sweep together.
    this.#timer ??= setTimeout(() => void this.#run(), EVERY_MS * Math.random());
    this.#timer.unref();
  }

  /** Sweeps no more; a sweep that is under way ends after its step. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Sweeps once, now. Gives how many tasks were removed, a chunk as one: none while another worker sweeps this queue. */
  async sweep(): Promise<number> {
    const { redis, prefix, queue } = this.#options;
    const lock = queueKey(prefix, queue, 'sweeping');
    const token = randomUUID();
    if ((await redis.set(lock, token, 'PX', LOCK_MS, 'NX')) === null) return 0;
    const endsAt = performance.now() + SWEEP_MS;
    const hasTime = (): boolean => performance.now() < endsAt && !this.#isStopped;
    try {
      const removed = (await this.#sweepRetained(hasTime)) + (await this.#sweepClasses(hasTime));
      if (hasTime()) await sweepTags(this.#options, queue);
      if (hasTime()) await sweepCancelling(this.#options, queue);
      return removed;
    } finally {
      await unlock(redis, [lock], [token]);
    }
  }

  async #sweepRetained(hasTime: () => boolean): Promise<number> {
    let total = 0;
    while (hasTime()) {
      const { removed, ended } = await sweepRetained(this.#options, this.#options.queue);
      total += removed;
      if (ended) break;
    }
    return total;
  }

  async #sweepClasses(hasTime: () => boolean): Promise<number> {
    let total = 0;
    for (const one of this.#classes) {
      let from: Parameters<typeof sweepFinished>[2];
      while (hasTime()) {
        const { removed, next } = await sweepFinished(this.#options, one, from);
        total += removed;
        if (!next) break;
        from = next;
      }
    }
    return total;
  }

  async #run(): Promise<void> {
    await this.sweep().catch((error: unknown) => {
      if (!this.#isStopped) this.#options.report(error);
    });
    if (!this.#timer) return;
    this.#timer = setTimeout(() => void this.#run(), EVERY_MS);
    this.#timer.unref();
  }
}
