import { GoflowError } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import type { Mending } from './job-fields.js';
import { queueKey } from './keys.js';
import { troubleOf } from './redis-reply-error.js';

/** Where jobs are mended. */
export interface MendingPlace {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  readonly queue: string;
  readonly report: (error: unknown) => void;
}

/** Gives 0 to a counter of a job with which Redis cannot count: see `INTEGER` in job-fields.ts. Answers whether it was wrong. */
const MEND_COUNTER = `
local function mendCounter(job, name)
  local value = redis.call('HGET', job, name)
  if not value or value == '0' or (#value <= 15 and string.match(value, '^[1-9]%d*$')) then return false end
  redis.call('HSET', job, name, 0)
  return true
end`;

/**
 * KEYS: active, wait, marker, stalled. ARGV: key base. Of the jobs that are taken, those whose key is no hash leave the queue, and those whose
 * count of starts is no number get 0 and wait again: the script that took them failed half-way. Answers the ids of the first, and of all
 * that were mended.
 */
const MEND_ACTIVE = `${MEND_COUNTER}
local base = ARGV[1]
local left, mended = {}, {}
local function forget(id)
  redis.call('LREM', KEYS[1], 0, id)
  redis.call('SREM', KEYS[4], id)
  redis.call('DEL', base .. id .. ':lock')
end
for _, id in ipairs(redis.call('LRANGE', KEYS[1], 0, 999)) do
  local job = base .. id
  local kind = redis.call('TYPE', job).ok
  if kind == 'hash' then
    local atm, stc = mendCounter(job, 'atm'), mendCounter(job, 'stc')
    local ats = mendCounter(job, 'ats')
    if ats then
      forget(id)
      redis.call('RPUSH', KEYS[2], id)
      redis.call('ZADD', KEYS[3], 0, '0')
    end
    if atm or stc or ats then mended[#mended + 1] = id end
  elseif kind ~= 'none' then
    forget(id)
    left[#left + 1] = id
  end
end
return {left, mended}
`;

/**
 * KEYS: stalled, active, stalled-check. ARGV: key base, cursor. Before the script that looks for lost workers: it takes a job out of the
 * list of those that are taken before it counts and looks for a repetition, and a job at which it fails would be in no list any more.
 * Answers the next cursor, and the ids of what is no job.
 */
const MEND_STALLED = `${MEND_COUNTER}
local left = {}
if redis.call('EXISTS', KEYS[3]) == 1 then return {'0', left} end
local page = redis.call('SSCAN', KEYS[1], ARGV[2], 'COUNT', 250)
for _, id in ipairs(page[2]) do
  local job = ARGV[1] .. id
  local kind = redis.call('TYPE', job).ok
  if kind == 'hash' then
    mendCounter(job, 'stc')
    redis.call('HDEL', job, 'rjk')
  elseif kind ~= 'none' then
    redis.call('SREM', KEYS[1], id)
    redis.call('LREM', KEYS[2], 0, id)
    left[#left + 1] = id
  end
end
return {page[1], left}
`;

/**
 * Looks at the jobs that are taken, after a script failed on one: at most 1,000, in one call.
 *
 * @returns whether there was something to mend, so that the script may be called again
 */
export async function mendActive(place: MendingPlace): Promise<boolean> {
  const { redis, prefix, queue, report } = place;
  const keys = ['active', 'wait', 'marker', 'stalled'].map((part) => queueKey(prefix, queue, part));
  try {
    const base = queueKey(prefix, queue, '');
    const found = await redis.eval(MEND_ACTIVE, keys.length, ...keys, base);
    const [left = [], repaired = []] = found as string[][];
    reportLeft(place, left);
    return left.length + repaired.length > 0;
  } catch (error) {
    // A key of the queue itself is of another type.
    report(error);
    return false;
  }
}

/** Mends the jobs that the next look for lost workers may put back, some 250 in a call. Does nothing where none is due. Never rejects. */
export async function mendStalled(place: MendingPlace): Promise<void> {
  const { redis, prefix, queue, report } = place;
  const keys = ['stalled', 'active', 'stalled-check'].map((part) => queueKey(prefix, queue, part));
  const base = queueKey(prefix, queue, '');
  let cursor = '0';
  try {
    do {
      const answer = await redis.eval(MEND_STALLED, keys.length, ...keys, base, cursor);
      const [next, left] = answer as [string, string[]];
      reportLeft(place, left);
      cursor = next;
    } while (cursor !== '0');
  } catch (error) {
    // What follows meets the same, and says so, when Redis is away.
    if (troubleOf(error).kind !== 'disconnected') report(error);
  }
}

function reportLeft({ prefix, queue, report }: MendingPlace, left: readonly string[]): void {
  for (const id of left) {
    const message = `${queueKey(prefix, queue, id)} is no job but a key of another type: it is taken out of its queue`;
    report(new GoflowError('ENVELOPE_UNREADABLE', message));
  }
}

/** Changes fields of a job that was taken. Never rejects. */
export async function mendJob(
  { redis, prefix, queue, report }: MendingPlace,
  id: string,
  mending: Mending,
): Promise<void> {
  const key = queueKey(prefix, queue, id);
  const fields = Object.keys(mending).filter((field) => mending[field] === undefined);
  const values = Object.entries(mending).filter(([, value]) => value !== undefined);
  try {
    const sent: Promise<unknown>[] = [];
    if (values.length > 0) sent.push(redis.hset(key, Object.fromEntries(values)));
    if (fields.length > 0) sent.push(redis.hdel(key, ...fields));
    await Promise.all(sent);
  } catch (error) {
    report(error);
  }
}
