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
  const pipeline = redis.pipeline().llen(key('wait')).llen(key('active'));
  for (const set of ['prioritized', 'delayed', 'completed', 'failed']) pipeline.zcard(key(set));
  const replies = (await pipeline.exec()) ?? [];
  const numbers = replies.map(([error, count]) => {
    if (error) throw error;
    return Number(count);
  });
  const [wait = 0, active = 0, prioritized = 0, delayed = 0, completed = 0, failed = 0] = numbers;
  return { waiting: wait + prioritized, delayed, active, completed, failed };
}
