import { createHash } from 'node:crypto';
import type { FinalState, ResolvedRetention } from '@goflow/shared';
import { LUA_FORGET_CHUNK } from '../chunks/lua.js';
import { queueKey } from '../keys.js';
import { LUA_COUNT_ABOVE, LUA_NOW, LUA_OPTIONS, LUA_OWN_RETENTION, LUA_REMOVE } from './lua.js';
import { LUA_CHUNK_SIZE } from './lua-chunks.js';
import type { SetPosition } from './page-cursor.js';
import { defineScript, type QueueConnection } from './script.js';

/** The types that are kept equally long in one state. */
export interface RetentionClass {
  readonly state: FinalState;
  readonly ms: number;
  /** The types that are kept for so long, or shorter; 'all' of the longest class: types that nobody here knows, too. */
  readonly types: readonly string[] | 'all';
}

/** All classes of a worker's types. */
export function classesOf(retention: ReadonlyMap<string, ResolvedRetention>): RetentionClass[] {
  const all = [...retention];
  const states = ['completed', 'failed', 'cancelled', 'expired'] as const;
  return states.flatMap((state) => {
    const field = state === 'completed' ? 'completedMs' : 'failedMs';
    const lengths = [...new Set(all.map(([, kept]) => kept[field]))].sort((a, b) => a - b);
    return lengths.map((ms, index): RetentionClass => {
      if (index === lengths.length - 1) return { state, ms, types: 'all' };
      return {
        state,
        ms,
        types: all.filter(([, kept]) => kept[field] <= ms).map(([type]) => type),
      };
    });
  });
}

const MAX_ENTRIES = 500;
/** An outcome is recorded a little after it got its time: the mark does not pass what is younger than this. */
const SETTLED_MS = 60_000;
/** The marks are forgotten once a day, and all is looked at again: nothing stays for ever, whatever went wrong. */
const MARKS_MS = 86_400_000;

/**
 * One step over the finished tasks of a class that are past its time, the oldest first. Each is looked at once for each class: a
 * mark in `swept` tells how far that went. Tasks of other classes are left to those; tasks with a retention of their own to
 * `retained`, where they are entered again in case they are not. KEYS: key base. ARGV: state, ms, name of the mark, score and
 * member of where to go on or '' for the mark, the most entries (a chunk may count for as many as it has logs), for how long the
 * mark stays behind, for how long marks are kept, '1' for all types, the types. Output: how many were removed, score and member
 * of where to go on, 1 at the end.
 */
const sweepSome = defineScript<[removed: number, score: string, member: string, ended: number]>(
  'goflowSweepFinished',
  `
local base, state, ms, mark = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3]
${LUA_NOW}
${LUA_COUNT_ABOVE}
${LUA_OPTIONS}
${LUA_OWN_RETENTION}
${LUA_CHUNK_SIZE}
${LUA_FORGET_CHUNK}
${LUA_REMOVE}
local score, member, most = ARGV[4], ARGV[5], tonumber(ARGV[6])
local settled, keptFor, isAll, types = tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9] == '1', {}
for i = 10, #ARGV do types[ARGV[i]] = true end
local set, swept, time = base .. state, base .. 'swept', now()
if score == '' then
  score, member = string.match(redis.call('HGET', swept, mark) or '', '^(%S+) (.*)$')
end
local start = score and redis.call('ZCARD', set) - countAbove(set, score, member) or 0
local entries = redis.call('ZRANGE', set, start, start + most - 1, 'WITHSCORES')
local due, cost, ended = {}, 0, #entries < most * 2
local markScore, markMember
for i = 1, #entries, 2 do
  local id, finished = entries[i], tonumber(entries[i + 1])
  if finished + ms >= time then
    ended = true
    break
  end
  if cost >= most then
    ended = false
    break
  end
  local job = redis.pcall('HMGET', base .. id, 'name', 'opts', 'finishedOn', 'lg')
  local name, options, isFinished, isLogged = unpack(job)
  cost = cost + costOf(options, isLogged)
  local own = ownRetention(options, state)
  if job.err or name and not isFinished then
    -- The key of another program's, or the job was put back by one, which left this behind.
    redis.call('ZREM', set, id)
  elseif own and finished + own >= time then
    redis.call('ZADD', base .. 'retained', 'NX', finished + own, id)
  elseif own or isAll or not name or types[name] then
    due[#due + 1] = id
  end
  score, member = entries[i + 1], id
  if finished < time - settled then markScore, markMember = score, member end
end
remove(due)
if markScore then
  redis.call('HSET', swept, mark, markScore .. ' ' .. markMember)
  if redis.call('PTTL', swept) < 0 then redis.call('PEXPIRE', swept, keptFor) end
end
return {#due, score or '', member or '', ended and 1 or 0}`,
);

/**
 * Removes some of what is past the time of a class. `from`: where the step before ended. Gives where to go on, if there is more.
 */
export async function sweepFinished(
  { redis, prefix, queue }: QueueConnection & { readonly queue: string },
  { state, ms, types }: RetentionClass,
  from: SetPosition | undefined,
): Promise<{ readonly removed: number; readonly next: SetPosition | undefined }> {
  const names = types === 'all' ? [] : types;
  const position = from ?? ['', ''];
  const [removed, score, member, ended] = await sweepSome(
    redis,
    [queueKey(prefix, queue, '')],
    [state, ms, markOf({ state, ms, types }), ...position, MAX_ENTRIES, SETTLED_MS, MARKS_MS]
      .concat(types === 'all' ? 1 : 0)
      .concat(names),
  );
  return { removed, next: ended === 1 ? undefined : [score, member] };
}

/** With the types in it: where they change, all is looked at again. */
function markOf({ state, ms, types }: RetentionClass): string {
  const digest = createHash('sha256').update(JSON.stringify(types)).digest('base64url');
  return `${state}:${ms}:${digest.slice(0, 8)}`;
}
