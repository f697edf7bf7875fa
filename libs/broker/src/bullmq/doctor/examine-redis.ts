import { checkPrefix, checkQueueName, DEFAULT_PREFIX, toMs } from '@goflow/shared';
import type { RedisOptions } from 'ioredis';
import { checkRedisGiven } from '../redis-given.js';
import type { RedisFacts } from './facts.js';

/** Options of {@link examineRedis}. */
export interface ExamineOptions {
  /** A URL, or ioredis options; one node of a Redis Cluster is enough, and the first that answers of several is asked. No instance: connections of its own are opened and closed. */
  readonly redis: string | RedisOptions;
  /** @default 'goflow' */
  readonly prefix?: string | undefined;
  /** How long connecting, and each answer, may take. '10ms' to '10m'. @default '5s' */
  readonly timeout?: unknown;
  /** How long queues are watched, to tell whether they grow or stand still. '500ms' to '10m'. @default '2s' */
  readonly watch?: unknown;
  /** Queues to look at besides those that are found. @default none */
  readonly queues?: readonly string[] | undefined;
  /** Ends it early. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks a Redis what there is to know of how it is set up, and of the queues and workers of one prefix. Changes nothing. Bounded: each
 * server is asked for at most 500,000 names of keys, or 1 s; at most 100 queues are looked at, at most 1,000 active tasks of each.
 *
 * @throws OPTION_INVALID
 * @throws BROKER_UNAVAILABLE, BROKER_REFUSED with the cause in `details.reason`; aborted: the signal's reason
 */
export async function examineRedis(options: ExamineOptions): Promise<RedisFacts> {
  const { redis, prefix, timeout, watch, queues = [], signal } = options;
  checkRedisGiven(redis);
  const settings = {
    redis,
    prefix: checkPrefix(prefix ?? DEFAULT_PREFIX),
    timeoutMs: toMs('timeout', timeout ?? '5s', { minMs: 10, maxMs: 600_000 }),
    watchMs: toMs('watch', watch ?? '2s', { minMs: 500, maxMs: 600_000 }),
    queues: queues.map((queue) => checkQueueName('queues', queue)),
    signal,
  };
  const { examine } = await import('./examination.js');
  return examine(settings);
}
