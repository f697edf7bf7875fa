import { type FinalState, parseTaskId, type ResolvedRetention, type TaskId } from '@goflow/shared';
import { LUA_FORGET_CHUNK } from '../chunks/lua.js';
import { queueKey } from '../keys.js';
import { LUA_NOW, LUA_OPTIONS, LUA_OWN_RETENTION, LUA_REMOVE, LUA_STATE } from './lua.js';
import { LUA_CHUNK_SIZE } from './lua-chunks.js';
import { defineScript, type QueueConnection } from './script.js';

/** A task that finished, and whose push said how long it is to be kept. */
export interface RetainedTask {
  readonly id: TaskId;
  readonly state: FinalState;
  /** Milliseconds since 1970. */
  readonly finishedAt: number;
  readonly retention: ResolvedRetention;
}

/**
 * Writes down when a task goes whose push said how long it is to be kept. To be called when it has finished; should that be lost,
 * the task is found with the others of its type. `to`: a connection, or a pipeline.
 */
export function retainOwn<Written>(
  to: { zadd(key: string, score: number, member: string): Written },
  prefix: string,
  { id, state, finishedAt, retention }: RetainedTask,
): Written | undefined {
  const parts = parseTaskId(id);
  if (!parts) return undefined;
  const ms = state === 'completed' ? retention.completedMs : retention.failedMs;
  return to.zadd(queueKey(prefix, parts.queue, 'retained'), finishedAt + ms, parts.unique);
}

const MAX_ENTRIES = 500;

/**
 * Removes tasks that are past the time that their push said. An entry may be wrong: its task may have been tried again by another
 * program since. KEYS: key base. ARGV: the most entries; a chunk may count for as many as it has logs. Output: how many were
 * removed, 1 at the end.
 */
const sweepSome = defineScript<[removed: number, ended: number]>(
  'goflowSweepRetained',
  `
local base, most = KEYS[1], tonumber(ARGV[1])
${LUA_NOW}
${LUA_STATE}
${LUA_OPTIONS}
${LUA_OWN_RETENTION}
${LUA_CHUNK_SIZE}
${LUA_FORGET_CHUNK}
${LUA_REMOVE}
local time, retained = now(), base .. 'retained'
local entries = redis.call('ZRANGEBYSCORE', retained, '-inf', '(' .. time, 'LIMIT', 0, most)
local due, cost = {}, 0
for _, id in ipairs(entries) do
  if cost >= most then break end
  local state = stateOf(id)
  local job = redis.pcall('HMGET', base .. id, 'finishedOn', 'opts', 'lg')
  local finished, options, isLogged = unpack(job)
  cost = cost + costOf(options, isLogged)
  local own = isFinal(state) and ownRetention(options, state)
  local goes = own and tonumber(finished) and tonumber(finished) + own
  if not job.err and not state or goes and goes < time then
    due[#due + 1] = id
  elseif goes then
    redis.call('ZADD', retained, goes, id)
  else
    redis.call('ZREM', retained, id)
  end
end
remove(due)
return {#due, #entries < most and cost < most and 1 or 0}`,
);

/** Removes some of the tasks that are past the time that their push said. */
export async function sweepRetained(
  { redis, prefix }: QueueConnection,
  queue: string,
): Promise<{ readonly removed: number; readonly ended: boolean }> {
  const [removed, ended] = await sweepSome(redis, [queueKey(prefix, queue, '')], [MAX_ENTRIES]);
  return { removed, ended: ended === 1 };
}
