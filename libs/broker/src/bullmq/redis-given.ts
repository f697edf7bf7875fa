import { invalidOption } from '@goflow/shared';
import type { Cluster, Redis, RedisOptions } from 'ioredis';

/**
 * Where Redis is: a URL (`redis://`, `rediss://`), ioredis options (Sentinel among them), or an ioredis `Redis` or `Cluster`
 * of the caller's own, which goflow uses but never closes.
 */
export type RedisGiven = string | RedisOptions | Redis | Cluster;

/** Settings that the profile decides; a caller's are put aside, because each of them has been seen to lose or freeze tasks. */
export const DECIDED = [
  'maxRetriesPerRequest',
  'enableOfflineQueue',
  'commandTimeout',
  'lazyConnect',
];

/**
 * Says at once what is wrong with a `redis` option. Needs nothing of ioredis, which takes long to load.
 *
 * @throws OPTION_INVALID
 */
export function checkRedisGiven(given: unknown): asserts given is RedisGiven {
  if (typeof given === 'string') checkUrl(given);
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

function checkUrl(url: string): void {
  // Not shown: a wrong URL may hold a password.
  if (!/^rediss?:\/\/\S+$/.test(url) || !URL.canParse(url))
    throw invalidOption('redis', 'a URL like redis://host:6379 or rediss://…', '(not shown)');
  // ioredis would let them win over the profile.
  const names = [...new URL(url).searchParams.keys()];
  const refused = names.find((name) => [...DECIDED, 'keyPrefix'].includes(name));
  if (refused !== undefined)
    throw invalidOption('redis', `a URL without ?${refused}`, '(not shown)');
}
