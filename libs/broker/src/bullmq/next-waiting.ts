import type { Cluster, Redis } from 'ioredis';
import { defineScript } from './inspector/script.js';
import { queueKey } from './keys.js';

/**
 * The job that is taken next. None where BullMQ would give none away either: the queue is paused, at its own limit of jobs at once, or of jobs
 * in a time. KEYS: wait, prioritized, active, meta, limiter.
 */
const findNext = defineScript<string | null>(
  'goflowNextWaiting',
  `
local meta = redis.call('HMGET', KEYS[4], 'paused', 'concurrency')
if meta[1] then return false end
if meta[2] and redis.call('LLEN', KEYS[3]) >= tonumber(meta[2]) then return false end
if redis.call('PTTL', KEYS[5]) > 0 then return false end
return redis.call('LINDEX', KEYS[1], -1) or redis.call('ZRANGE', KEYS[2], 0, 0)[1] or false`,
);

/** BullMQ's id of the task or chunk that is to be taken next from a queue; `undefined` when nothing is to be taken now. */
export async function nextWaiting(
  redis: Redis | Cluster,
  prefix: string,
  queue: string,
): Promise<string | undefined> {
  const parts = ['wait', 'prioritized', 'active', 'meta', 'limiter'];
  const keys = parts.map((part) => queueKey(prefix, queue, part));
  return (await findNext(redis, keys, [])) ?? undefined;
}
