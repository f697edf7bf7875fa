import { isQueueName, type QueueRecord } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { defineScript } from '../inspector/script.js';
import { queueKey } from '../keys.js';
import { readCounts } from '../queue-counts.js';

/** How many keys one step of the search looks at: some tenths of a millisecond. */
const PAGE = 1_000;
/** How many queues are asked at once. */
const AT_ONCE = 20;

/** KEYS: key base. Output: 1 when it is paused, the time of the task that is next in the line or ''. */
const lookAt = defineScript<[paused: number, timestamp: string | null]>(
  'goflowQueueHead',
  `
local base = KEYS[1]
local head = redis.call('LINDEX', base .. 'wait', -1)
local pushedAt = head and redis.pcall('HGET', base .. head, 'timestamp')
return {redis.call('HEXISTS', base .. 'meta', 'paused'), type(pushedAt) == 'string' and pushedAt or false}`,
);

/** All queues that hold, or held, tasks, by name: each leaves a key `meta`. Many short commands, in proportion to all keys of this Redis. */
export async function listQueues(
  redis: Redis | Cluster,
  prefix: string,
): Promise<readonly QueueRecord[]> {
  const names = await findQueues(redis, prefix);
  const found: QueueRecord[] = [];
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const some = names.slice(at, at + AT_ONCE);
    found.push(...(await Promise.all(some.map((queue) => readQueue(redis, prefix, queue)))));
  }
  return found;
}

async function findQueues(redis: Redis | Cluster, prefix: string): Promise<string[]> {
  const masters = redis.isCluster ? (redis as Cluster).nodes('master') : [redis as Redis];
  const names = new Set<string>();
  for (const master of masters)
    for (const key of await findKeys(master, queueKey(prefix, '*', 'meta'))) {
      const name = key.slice(prefix.length + 2, -'}:meta'.length);
      if (isQueueName(name)) names.add(name);
    }
  return [...names].sort();
}

async function findKeys(redis: Redis, pattern: string): Promise<string[]> {
  const found: string[] = [];
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', PAGE);
    found.push(...keys);
    cursor = next;
  } while (cursor !== '0');
  return found;
}

async function readQueue(
  redis: Redis | Cluster,
  prefix: string,
  queue: string,
): Promise<QueueRecord> {
  const [[paused, timestamp], counts] = await Promise.all([
    lookAt(redis, [queueKey(prefix, queue, '')], []),
    readCounts(redis, prefix, queue),
  ]);
  const oldestWaitingAt = Number(timestamp);
  const oldest = oldestWaitingAt > 0 ? { oldestWaitingAt } : {};
  return { queue, isPaused: paused === 1, counts, ...oldest };
}
