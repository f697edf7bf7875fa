import type { Cluster, Redis } from 'ioredis';
import { queueKey } from './keys.js';
import type { TakenJob } from './taken-job.js';

/** The field of a job that says that its handler was begun. */
const FIELD = 'bg';
/** A job that was removed meanwhile must not come back as a hash with nothing but this. */
const MARK = `return redis.call('EXISTS', KEYS[1]) == 1 and redis.call('HSET', KEYS[1], '${FIELD}', 1) or 0`;

/** What {@link Begun} needs of a worker. */
export interface BegunOptions {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  readonly clock: { now(): number };
}

/**
 * Keeps with a task that has to be begun in time that it was, before it is: when its worker dies, the next one runs it, however late. A task
 * that was only taken, and lost on its way, was not begun, and expires as clients were told. Costs a call of Redis, for tasks with
 * `startBy` only. The tasks of a chunk count as begun with their chunk.
 */
export class Begun {
  readonly #options: BegunOptions;
  readonly #queue: string;

  constructor(options: BegunOptions, queue: string) {
    this.#options = options;
    this.#queue = queue;
  }

  isNeeded({ startBy, isOfChunk }: TakenJob): boolean {
    return startBy !== undefined && !isOfChunk;
  }

  async mark(task: TakenJob, unique: string): Promise<void> {
    const { redis, prefix, clock } = this.#options;
    const key = queueKey(prefix, this.#queue, unique);
    if (task.stalls > 0) task.wasBegun = (await redis.hexists(key, FIELD)) === 1;
    if (!task.wasBegun && clock.now() < (task.startBy ?? 0)) await redis.eval(MARK, 1, key);
  }
}
