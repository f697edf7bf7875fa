import { isQueueName, type QueueRecord } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import type { Deadline } from '../deadline.js';
import { defineScript } from '../inspector/script.js';
import { queueKey } from '../keys.js';
import { readCounts } from '../queue-counts.js';
import { isReady } from '../redis-connection.js';
import { isForeign, tellQueues, toldQueues } from './told-queues.js';

/** How many keys one step of the search looks at: about a millisecond of Redis, in which it does nothing else. */
const PAGE = 1_000;
/** How many queues are asked at once. */
const AT_ONCE = 20;

/** KEYS: key base. Output: 1 when it is there, 1 when it is paused, the time of the task that is next in the line or ''. */
const lookAt = defineScript<[isThere: number, paused: number, timestamp: string | null]>(
  'goflowQueueHead',
  `
local base = KEYS[1]
local head = redis.call('LINDEX', base .. 'wait', -1)
local pushedAt = head and redis.pcall('HGET', base .. head, 'timestamp')
local meta = base .. 'meta'
return {redis.call('EXISTS', meta), redis.call('HEXISTS', meta, 'paused'), type(pushedAt) == 'string' and pushedAt or false}`,
);

/** Where queues are looked for. */
export interface QueueSearch {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  /** Bounds every step: `Deadline.within`. */
  readonly within: Deadline['within'];
  readonly report: (error: Error) => void;
}

/**
 * All queues that hold, or held, tasks, by name: each leaves a key `meta`. Those that clients and workers told of; with `isSearch`, or where
 * nobody told of any, all keys of this Redis are looked through, in many short commands, and what is found counts as told. A queue whose keys
 * are not what BullMQ makes is reported, and passed over.
 */
export async function listQueues(
  search: QueueSearch,
  isSearch: boolean,
): Promise<readonly QueueRecord[]> {
  const names = await namesOf(search, isSearch);
  const found: QueueRecord[] = [];
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const some = names.slice(at, at + AT_ONCE);
    const records = await Promise.all(
      some.map((queue) => search.within(() => readIfQueue(search, queue))),
    );
    found.push(...records.filter((record) => record !== undefined));
  }
  return found;
}

async function namesOf(search: QueueSearch, isSearch: boolean): Promise<readonly string[]> {
  const { redis, prefix, within } = search;
  const told = isSearch ? [] : await within(() => toldQueues(redis, prefix));
  if (told.length > 0) return told.filter(isQueueName).sort();
  const names = await findQueues(search);
  await within(() => tellQueues(redis, prefix, names));
  return names;
}

async function findQueues({ redis, prefix, within }: QueueSearch): Promise<string[]> {
  // Which masters a cluster has is known when it is connected.
  if (!isReady(redis)) await within(() => redis.ping());
  const masters = redis.isCluster ? (redis as Cluster).nodes('master') : [redis as Redis];
  const names = new Set<string>();
  for (const master of masters)
    for (const key of await findKeys(master, queueKey(prefix, '*', 'meta'), within)) {
      const name = key.slice(prefix.length + 2, -'}:meta'.length);
      if (isQueueName(name)) names.add(name);
    }
  return [...names].sort();
}

async function findKeys(
  redis: Redis,
  pattern: string,
  within: Deadline['within'],
): Promise<string[]> {
  const found: string[] = [];
  let cursor = '0';
  do {
    const from = cursor;
    const step = () => redis.scan(from, 'MATCH', pattern, 'COUNT', PAGE);
    const [next, keys] = await within(step);
    found.push(...keys);
    cursor = next;
  } while (cursor !== '0');
  return found;
}

async function readIfQueue(search: QueueSearch, queue: string): Promise<QueueRecord | undefined> {
  try {
    return await readQueue(search, queue);
  } catch (error) {
    if (!isForeign(error)) throw error;
    search.report(new Error(`the queue ${queue} has keys that BullMQ did not make`));
    return undefined;
  }
}

async function readQueue(
  { redis, prefix }: QueueSearch,
  queue: string,
): Promise<QueueRecord | undefined> {
  const [[isThere, paused, timestamp], counts] = await Promise.all([
    lookAt(redis, [queueKey(prefix, queue, '')], []),
    readCounts(redis, prefix, queue),
  ]);
  if (isThere !== 1) return undefined;
  const oldestWaitingAt = Number(timestamp);
  const oldest = oldestWaitingAt > 0 ? { oldestWaitingAt } : {};
  return { queue, isPaused: paused === 1, counts, ...oldest };
}
