import { type Cancelled, cancelledFailure, parseTaskId, type TaskId } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { cancelInChunk } from './chunks/cancel-in-chunk.js';
import { toStackText } from './job-codec.js';
import { bullJobId, cancelChannel, queueKey } from './keys.js';

/**
 * Cancels a task wherever it is, in one step. Waiting or delayed it ends at once, and frees its deduplication key; running, its
 * workers are told, and the wish is kept in `cancelling` for the worker that takes it next, should this one not hear of it.
 * KEYS: job, lock, wait, paused, prioritized, delayed, cancelled, expired, cancelling, retained. ARGV: unique, message of the failure,
 * stacks as JSON, reason, channel, key base. Output: found, effect, options of the job.
 */
const SCRIPT = `
local id = ARGV[1]
local job = redis.call('HMGET', KEYS[1], 'name', 'finishedOn', 'returnvalue', 'deid', 'opts')
-- A chunk is no task.
if not job[1] or string.find(job[5] or '', '[{,]"c":%d') then return {'unknown', 'none'} end
if job[2] then
  if job[3] then return {'completed', 'none'} end
  if redis.call('ZSCORE', KEYS[7], id) then return {'cancelled', 'none'} end
  if redis.call('ZSCORE', KEYS[8], id) then return {'expired', 'none'} end
  return {'failed', 'none'}
end
local found
if redis.call('ZREM', KEYS[6], id) == 1 then
  found = 'delayed'
elseif redis.call('EXISTS', KEYS[2]) == 0 and (redis.call('ZREM', KEYS[5], id) == 1
    or redis.call('LREM', KEYS[3], 1, id) == 1 or redis.call('LREM', KEYS[4], 1, id) == 1) then
  found = 'waiting'
else
  redis.call('HSET', KEYS[9], id, ARGV[4])
  redis.call('PUBLISH', ARGV[5], cjson.encode({id, ARGV[4]}))
  return {'active', 'requested'}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[7], now, id)
redis.call('HSET', KEYS[1], 'finishedOn', string.format('%.0f', now), 'failedReason', ARGV[2], 'stacktrace', ARGV[3])
if job[4] then
  local key = ARGV[6] .. 'de:' .. job[4]
  if redis.call('GET', key) == id and redis.call('PTTL', key) == -1 then redis.call('DEL', key) end
end
if string.find(job[5] or '', '"ret"', 1, true) then
  local ok, options = pcall(cjson.decode, job[5])
  local ret = ok and type(options) == 'table' and options.ret
  if type(ret) == 'table' and tonumber(ret[2]) then redis.call('ZADD', KEYS[10], now + ret[2], id) end
end
return {found, 'cancelled', job[5]}`;

const COMMAND = 'goflowCancel';
type WithCommand = {
  [COMMAND](
    keyCount: number,
    ...args: string[]
  ): Promise<[found: Cancelled['found'], effect: Cancelled['effect'], options?: string]>;
};

/** What was found and done; `replyTo`: who is to hear of a task that was cancelled here. */
export interface CancelAnswer extends Cancelled {
  readonly replyTo: string | undefined;
}

/** Cancels a task. */
export async function cancelTask(
  connection: Connection,
  id: TaskId,
  reason: string,
): Promise<CancelAnswer> {
  const parts = parseTaskId(id);
  if (!parts) return { found: 'unknown', effect: 'none', replyTo: undefined };
  const { chunk } = parts;
  const answer = chunk && (await cancelInChunk({ ...connection, ...parts, chunk }, reason));
  if (answer === undefined || answer === 'left') return cancelJob(connection, id, reason);
  const [found, effect, options] = answer;
  return { found, effect, replyTo: replyAddressIn(options) };
}

interface Connection {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
}

async function cancelJob(
  { redis, prefix }: Connection,
  id: TaskId,
  reason: string,
): Promise<CancelAnswer> {
  const unique = bullJobId(id) ?? '';
  if (!(COMMAND in redis)) redis.defineCommand(COMMAND, { lua: SCRIPT });
  const queue = id.slice(0, id.indexOf(':'));
  const key = (part: string): string => queueKey(prefix, queue, part);
  const lists = ['wait', 'paused', 'prioritized', 'delayed', 'cancelled', 'expired'].map(key);
  const keys = [key(unique), key(`${unique}:lock`), ...lists, key('cancelling'), key('retained')];
  const failure = cancelledFailure(reason);
  const [found, effect, options] = await (redis as unknown as WithCommand)[COMMAND](
    keys.length,
    ...keys,
    ...[unique, failure.message, JSON.stringify([toStackText(failure)]), reason],
    ...[cancelChannel(prefix, queue), key('')],
  );
  return { found, effect, replyTo: replyAddressIn(options) };
}

function replyAddressIn(options: string | undefined): string | undefined {
  if (!options?.includes('"r"')) return undefined;
  try {
    const stored = JSON.parse(options) as { readonly r?: unknown } | null;
    return typeof stored?.r === 'string' ? stored.r : undefined;
  } catch {
    // Somebody else wrote it, who waits for no answer.
    return undefined;
  }
}
