import type { QueueCounts } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { queueKey } from './keys.js';

/** How many tasks a queue holds, by state. Constant time in Redis, and writes nothing, as opening a queue of BullMQ would. */
export async function readCounts(
  redis: Redis | Cluster,
  prefix: string,
  queue: string,
): Promise<QueueCounts> {
  const key = (part: string): string => queueKey(prefix, queue, part);
  const pipeline = redis.pipeline();
  for (const list of ['wait', 'active']) pipeline.llen(key(list));
  for (const set of SETS) pipeline.zcard(key(set));
  const replies = (await pipeline.exec()) ?? [];
  const [wait = 0, active = 0, prioritized = 0, ...rest] = replies.map(([error, count]) => {
    if (error) throw error;
    return Number(count);
  });
  const [delayed = 0, completed = 0, failed = 0, cancelled = 0, expired = 0] = rest;
  const waiting = wait + prioritized;
  return { waiting, delayed, active, completed, failed, cancelled, expired };
}

const SETS = ['prioritized', 'delayed', 'completed', 'failed', 'cancelled', 'expired'];
