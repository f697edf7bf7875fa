import { type Cancelled, type ChunkPlace, cancelledFailure } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { defineScript } from '../inspector/script.js';
import { toStackText } from '../job-codec.js';
import { cancelChannel, queueKey } from '../keys.js';
import { LUA_COUNTING, LUA_LEAVE, LUA_LINES, LUA_PAYLOAD } from './lua.js';

/** A task in its chunk. */
export interface TaskInChunk {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  readonly queue: string;
  /** The id that BullMQ would see. */
  readonly unique: string;
  readonly chunk: ChunkPlace;
}

type Answer = [found: Cancelled['found'], effect: Cancelled['effect'], options?: string];

/**
 * Cancels a task that is in its chunk. Where the chunk waits, the task leaves it and ends at once; where a worker holds the chunk, that
 * worker is told. KEYS: key base. ARGV: chunk, index, message of the failure, stacks as JSON, reason, channel. Output: found, effect,
 * options of the chunk; false when it has left, or the chunk is gone.
 */
const cancel = defineScript<Answer | null>(
  'goflowCancelInChunk',
  `
local base, chunk, index = KEYS[1], ARGV[1], ARGV[2]
local job, unique = base .. chunk, ARGV[1] .. '.' .. ARGV[2]
${LUA_COUNTING}
${LUA_LINES}
${LUA_PAYLOAD}
${LUA_LEAVE}
local name, options, saved, left, finished, returned = unpack(redis.call('HMGET', job, 'name', 'opts', 'k', 'x' .. index,
  'finishedOn', 'returnvalue'))
if not name or left then return false end
if tonumber(index) < tonumber(saved or 0) then return {'completed', 'none'} end
if tonumber(index) >= tonumber(string.match(options, '"c":(%d+)') or 0) then return {'unknown', 'none'} end
-- Another program took it for one job.
if finished then return {returned and 'unknown' or 'failed', 'none'} end
-- Without a lock nobody can settle anything in it.
if redis.call('EXISTS', job .. ':lock') == 1 then
  redis.call('HSET', base .. 'cancelling', unique, ARGV[5])
  redis.call('PUBLISH', ARGV[6], cjson.encode({unique, ARGV[5]}))
  return {'active', 'requested'}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local fields = {'failedReason', ARGV[3], 'stacktrace', ARGV[4]}
leaveChunk(chunk, index, {state = 'cancelled', score = now, fields = fields})
local found = redis.call('ZSCORE', base .. 'delayed', chunk) and 'delayed' or 'waiting'
-- Nothing is left to be run: as a worker would end it.
if redis.call('HGET', job, 'o') == '0' and (redis.call('ZREM', base .. 'delayed', chunk) == 1
    or redis.call('ZREM', base .. 'prioritized', chunk) == 1 or redis.call('LREM', base .. 'wait', 1, chunk) == 1
    or redis.call('LREM', base .. 'paused', 1, chunk) == 1) then
  redis.call('ZADD', base .. 'completed', now, chunk)
  redis.call('HSET', job, 'finishedOn', string.format('%.0f', now), 'returnvalue', 'null ')
end
return {found, 'cancelled', options}`,
);

/** Cancels a task in its chunk. `left`: it is not in there any more, if it ever was. */
export async function cancelInChunk(
  { redis, prefix, queue, chunk }: TaskInChunk,
  reason: string,
): Promise<Answer | 'left'> {
  const failure = cancelledFailure(reason);
  const answer = await cancel(
    redis,
    [queueKey(prefix, queue, '')],
    [
      ...[chunk.unique, chunk.index, failure.message, JSON.stringify([toStackText(failure)])],
      ...[reason, cancelChannel(prefix, queue)],
    ],
  );
  return answer ?? 'left';
}
