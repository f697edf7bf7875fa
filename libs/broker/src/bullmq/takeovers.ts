import { parseTaskId } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { queueKey } from './keys.js';
import type { TakenJob } from './taken-job.js';

/** How many losses of its worker were told of, as a field of the job. A redrive takes it away. */
const FIELD = 'tol';
/** A job that was removed meanwhile must not come back as a hash with nothing but this. KEYS: the job. ARGV: the losses. */
const TELL = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if (tonumber(redis.call('HGET', KEYS[1], '${FIELD}')) or 0) >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], '${FIELD}', ARGV[1])
return 1`;

/** What {@link Takeovers} need of a worker. */
export interface TakeoversOptions {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  readonly report: (error: unknown) => void;
}

/**
 * Keeps with a task whose worker died that this was told of: BullMQ's count of it stays with the task, so every later attempt would look like
 * another loss. The tasks of a chunk are told of once. Costs a call of Redis, for tasks whose worker died only.
 */
export class Takeovers {
  readonly #options: TakeoversOptions;
  readonly #queue: string;

  constructor(options: TakeoversOptions, queue: string) {
    this.#options = options;
    this.#queue = queue;
  }

  /** Whether nobody was told of the last loss; from now on somebody was. Never rejects: rather twice than never. */
  async isNews({ id, stalls, isOfChunk }: TakenJob, unique: string): Promise<boolean> {
    const { redis, prefix, report } = this.#options;
    const job = (isOfChunk && parseTaskId(id)?.chunk?.unique) || unique;
    try {
      return (await redis.eval(TELL, 1, queueKey(prefix, this.#queue, job), stalls)) === 1;
    } catch (error) {
      report(error);
      return true;
    }
  }
}
