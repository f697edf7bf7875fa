import { invalidOption } from '@goflow/shared';
import type { Cluster, Redis, RedisOptions } from 'ioredis';
import { readRedisUrl } from '../redis-url.js';

/**
 * Where Redis is: a URL (`redis://`, `redis+cluster://`, `redis+sentinel://`; `rediss…` is TLS), ioredis options (Sentinel among them), or an
 * ioredis `Redis` or `Cluster` of the caller's own, which goflow uses but never closes.
 */
export type RedisGiven = string | RedisOptions | Redis | Cluster;

/**
 * Says at once what is wrong with a `redis` option. Needs nothing of ioredis, which takes long to load.
 *
 * @throws OPTION_INVALID
 */
export function checkRedisGiven(given: unknown): asserts given is RedisGiven {
  if (typeof given === 'string') readRedisUrl(given);
  else if (typeof given !== 'object' || given === null)
    throw invalidOption('redis', 'a URL, ioredis options, or an ioredis instance', given);
  else if (isInstance(given)) refuseKeyPrefix(optionsOf(given));
  else checkOptions(given);
}

/** True for a connection of the caller's own. */
export function isInstance(given: unknown): given is Redis | Cluster {
  return (
    typeof given === 'object' &&
    given !== null &&
    typeof (given as { duplicate?: unknown }).duplicate === 'function' &&
    typeof (given as { defineCommand?: unknown }).defineCommand === 'function'
  );
}

function optionsOf(redis: Redis | Cluster): RedisOptions {
  return redis.isCluster
    ? ((redis as Cluster).options.redisOptions ?? {})
    : (redis as Redis).options;
}

function checkOptions(options: RedisOptions): void {
  refuseKeyPrefix(options);
  const { sentinels, name } = options;
  if (!sentinels) return;
  if (!Array.isArray(sentinels) || sentinels.length === 0)
    throw invalidOption('redis.sentinels', 'a list of at least one', sentinels);
  if (!name) throw invalidOption('redis.name', 'the name of the master, with sentinels', name);
}

function refuseKeyPrefix(options: { keyPrefix?: string | undefined }): void {
  if (options.keyPrefix)
    throw invalidOption('redis.keyPrefix', 'absent: use the option `prefix`', options.keyPrefix);
}

/** A Cluster, by its URL or as an instance: what is for one server only is refused for it. */
export function isOfCluster(given: RedisGiven): boolean {
  if (typeof given === 'string') return readRedisUrl(given).kind === 'cluster';
  return isInstance(given) && given.isCluster;
}
