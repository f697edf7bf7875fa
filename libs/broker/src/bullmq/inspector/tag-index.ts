import { parseTaskId, type TaskEnvelope } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { queueKey, tagKey } from '../keys.js';
import { LUA_NOW } from './lua.js';
import { defineScript, type QueueConnection } from './script.js';

/** A push writes the index of its tags before its task: for so long, an id without a task may still get one. */
export const YOUNG_MS = 60_000;

/**
 * Enters a task under its tags, in one trip. To be done before the task itself is pushed: an entry without a task is cleaned up,
 * a task without an entry is never found. Done twice, it is done once.
 */
export async function indexTags(
  redis: Redis | Cluster,
  prefix: string,
  { id, queue, tags = [], pushedAt }: Pick<TaskEnvelope, 'id' | 'queue' | 'tags' | 'pushedAt'>,
): Promise<void> {
  const unique = parseTaskId(id)?.unique;
  if (unique === undefined || tags.length === 0) return;
  const pipeline = redis.pipeline();
  // A push that is repeated does not move the task: whoever reads page by page would miss it.
  for (const tag of tags) pipeline.zadd(tagKey(prefix, queue, tag), 'NX', pushedAt, unique);
  // After the entries: a tag without entries is removed at any time.
  const scores = tags.flatMap((tag) => [pushedAt, tag]);
  pipeline.zadd(queueKey(prefix, queue, 'tags'), 'GT', ...scores);
  for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
}

/** How many entries are looked at in one call, and in how many calls: 20,000 a minute, whatever there is. */
const MAX_ENTRIES = 1_000;
const MAX_CALLS = 20;

/**
 * Removes entries whose task is gone, and tags without entries, and writes down in `swept` where it stopped: rank of the tag,
 * rank of the entry. Ranks shift when something is removed meanwhile; what is passed over is met in the next round. KEYS: key
 * base. ARGV: the most entries, how long an entry is young. Output: how many were removed, 1 at the end of the round.
 */
const sweepSome = defineScript<[removed: number, ended: number]>(
  'goflowSweepTags',
  `
local base = KEYS[1]
${LUA_NOW}
local before = now() - tonumber(ARGV[2])
local budget = tonumber(ARGV[1])
local tagRank, rank = string.match(redis.call('HGET', base .. 'swept', 'tags') or '', '^(%d+):(%d+)$')
tagRank, rank = tonumber(tagRank or 0), tonumber(rank or 0)
local removed, ended = 0, 0
while budget > 0 do
  local tag = redis.call('ZRANGE', base .. 'tags', tagRank, tagRank)[1]
  if not tag then
    tagRank, rank, ended = 0, 0, 1
    break
  end
  local set = base .. 'tag:' .. tag
  local entries = redis.call('ZRANGE', set, rank, rank + budget - 1, 'WITHSCORES')
  local gone = {}
  for i = 1, #entries, 2 do
    local isOld = tonumber(entries[i + 1]) < before
    if isOld and redis.call('EXISTS', base .. entries[i]) == 0 then gone[#gone + 1] = entries[i] end
  end
  if #gone > 0 then redis.call('ZREM', set, unpack(gone)) end
  removed = removed + #gone
  local looked = #entries / 2
  if looked < budget then
    rank = 0
    if redis.call('EXISTS', set) == 1 then tagRank = tagRank + 1 else redis.call('ZREM', base .. 'tags', tag) end
  else
    rank = rank + looked - #gone
  end
  -- A tag costs some commands of its own.
  budget = budget - looked - 5
end
redis.call('HSET', base .. 'swept', 'tags', tagRank .. ':' .. rank)
return {removed, ended}`,
);

/**
 * Cleans up the index of the tags of a queue: entries whose task is gone without having taken them along, such as those of a push
 * that never arrived, and tags that nobody has. Looks at no more than 20,000 entries; the next call goes on from there. Gives how
 * many entries were removed.
 */
export async function sweepTags(
  { redis, prefix }: QueueConnection,
  queue: string,
): Promise<number> {
  let total = 0;
  for (let call = 0; call < MAX_CALLS; call += 1) {
    const args = [MAX_ENTRIES, YOUNG_MS];
    const [removed, ended] = await sweepSome(redis, [queueKey(prefix, queue, '')], args);
    total += removed;
    if (ended === 1) break;
  }
  return total;
}
