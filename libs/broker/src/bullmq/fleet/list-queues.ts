import { isQueueName, type QueueRecord } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import type { Deadline } from '../deadline.js';
import { defineScript } from '../inspector/script.js';
import { DUE_FIELD } from '../job-codec.js';
import { queueKey } from '../keys.js';
import { readCounts } from '../queue-counts.js';
import { isReady } from '../redis-connection.js';
import { isForeign, tellQueues, toldQueues } from './told-queues.js';

/** How many keys one step of the search looks at: about a millisecond of Redis, in which it does nothing else. */
const PAGE = 1_000;
/** How many queues are asked at once. */
const AT_ONCE = 20;

/**
 * Looks at the heads of a queue: the next in the line and, of those with a priority, the oldest with the highest and with the lowest. A task waits
 * since its push, its last attempt began, or it was redriven, whatever delay or backoff was set then not counted. KEYS: key base. Output: 1 when it
 * is there, 1 when it is paused, since when the oldest of them waits or ''.
 */
const lookAt = defineScript<[isThere: number, paused: number, waitsSince: string]>(
  'goflowQueueHead',
  `
local base = KEYS[1]
local since
local function look(id)
  if not id then return end
  local job = redis.pcall('HMGET', base .. id, 'timestamp', 'processedOn', 'opts', '${DUE_FIELD}')
  local at = not job.err and tonumber(job[1])
  if not at then return end
  -- Not by its text: a backoff has a delay, too.
  local isJson, options = pcall(cjson.decode, job[3] or '')
  local delay = isJson and type(options) == 'table' and tonumber(options.delay) or 0
  at = math.max(at + delay, tonumber(job[2]) or 0, tonumber(job[4]) or 0)
  if not since or at < since then since = at end
end
look(redis.call('LINDEX', base .. 'wait', -1))
look(redis.call('ZRANGE', base .. 'prioritized', 0, 0)[1])
local last = redis.call('ZRANGE', base .. 'prioritized', -1, -1, 'WITHSCORES')[2]
if last then
  local lowest = string.format('%.0f', math.floor(tonumber(last) / 0x100000000) * 0x100000000)
  look(redis.call('ZRANGEBYSCORE', base .. 'prioritized', lowest, '+inf', 'LIMIT', 0, 1)[1])
end
local meta = base .. 'meta'
return {redis.call('EXISTS', meta), redis.call('HEXISTS', meta, 'paused'), since and string.format('%.0f', since) or ''}`,
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
  return readQueues(search, await namesOf(search, isSearch));
}

/** Those that clients and workers told of, and nothing is looked for: for what asks again and again. */
export async function listToldQueues(search: QueueSearch): Promise<readonly QueueRecord[]> {
  const told = await search.within(() => toldQueues(search.redis, search.prefix));
  return readQueues(search, told.filter(isQueueName).sort());
}

async function readQueues(
  search: QueueSearch,
  names: readonly string[],
): Promise<readonly QueueRecord[]> {
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
  const [[isThere, paused, waitsSince], counts] = await Promise.all([
    lookAt(redis, [queueKey(prefix, queue, '')], []),
    readCounts(redis, prefix, queue),
  ]);
  if (isThere !== 1) return undefined;
  const oldestWaitingAt = Number(waitsSince);
  const oldest = oldestWaitingAt > 0 ? { oldestWaitingAt } : {};
  return { queue, isPaused: paused === 1, counts, ...oldest };
}
