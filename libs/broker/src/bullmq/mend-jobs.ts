import { GoflowError } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import type { Mending } from './job-fields.js';
import { queueKey } from './keys.js';

/** Where jobs are mended. */
export interface MendingPlace {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  readonly queue: string;
  readonly report: (error: unknown) => void;
}

/**
 * KEYS: active, wait, marker, stalled. ARGV: key base. Of the jobs that are taken, those whose key is no hash leave the queue, and those whose
 * counters are no numbers get 0 and wait again: the script that took them failed half-way. Answers their ids.
 */
const MEND_ACTIVE = `
local base = ARGV[1]
local left, again = {}, {}
local function forget(id)
  redis.call('LREM', KEYS[1], 0, id)
  redis.call('SREM', KEYS[4], id)
  redis.call('DEL', base .. id .. ':lock')
end
for _, id in ipairs(redis.call('LRANGE', KEYS[1], 0, 999)) do
  local job = base .. id
  local kind = redis.call('TYPE', job).ok
  if kind == 'hash' then
    local wrong = false
    for _, name in ipairs({'ats', 'atm', 'stc'}) do
      local value = redis.call('HGET', job, name)
      if value and not string.match(value, '^%d+$') then
        redis.call('HSET', job, name, 0)
        wrong = true
      end
    end
    if wrong then
      forget(id)
      redis.call('RPUSH', KEYS[2], id)
      redis.call('ZADD', KEYS[3], 0, '0')
      again[#again + 1] = id
    end
  elseif kind ~= 'none' then
    forget(id)
    left[#left + 1] = id
  end
end
return {left, again}
`;

/**
 * Looks at the jobs that are taken, after a script failed on one: at most 1,000, in one call.
 *
 * @returns whether there was something to mend, so that the script may be called again
 */
export async function mendActive({ redis, prefix, queue, report }: MendingPlace): Promise<boolean> {
  const keys = ['active', 'wait', 'marker', 'stalled'].map((part) => queueKey(prefix, queue, part));
  try {
    const base = queueKey(prefix, queue, '');
    const found = await redis.eval(MEND_ACTIVE, keys.length, ...keys, base);
    const [left = [], again = []] = found as string[][];
    for (const id of left) {
      const message = `${queueKey(prefix, queue, id)} is no job but a key of another type: it is taken out of its queue`;
      report(new GoflowError('ENVELOPE_UNREADABLE', message));
    }
    return left.length + again.length > 0;
  } catch (error) {
    // A key of the queue itself is of another type.
    report(error);
    return false;
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
