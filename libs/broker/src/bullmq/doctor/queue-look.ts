import type { Cluster, Redis } from 'ioredis';
import { defineScript } from '../inspector/script.js';
import { queueKey } from '../keys.js';

/** How many of the active entries are looked at: those that were taken first. */
const MAX_ACTIVE = 1_000;
/** How many open tasks are looked at, in each of four places. */
const SAMPLE = 50;
/** Dead letters count as recent for 10 minutes. */
const RECENT_MS = 600_000;
/** BullMQ's: the score of a delayed entry is its time with room for a counter. */
const PER_MS = 4_096;

type Sample = readonly [
  name: string | null,
  timestamp: string | null,
  starts: string | null,
  options: string | null,
];

type Answer = readonly [
  now: number,
  isPaused: number,
  slotsTaken: number,
  ownerless: readonly string[],
  first: readonly Sample[],
  types: readonly string[],
  dead: number,
  recentlyDead: number,
  overdue: number,
];

/**
 * Looks at a queue once. KEYS: key base. ARGV: the most active entries, the most of each sample, how long dead letters are recent, what a time is
 * multiplied with in the scores of delayed entries. `first`
 * are the entries that are next in their turn; an entry that was begun before is no measure of how long tasks wait.
 */
const lookOnce = defineScript<Answer>(
  'goflowDoctorLook',
  `
local base, most, sample, recent = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local scale = tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ownerless = {}
for _, id in ipairs(redis.call('LRANGE', base .. 'active', -most, -1)) do
  if redis.call('EXISTS', base .. id .. ':lock') == 0 then ownerless[#ownerless + 1] = id end
end
local first, types, seen = {}, {}, {}
local function look(ids, isFirst)
  for _, id in ipairs(ids) do
    local job = redis.pcall('HMGET', base .. id, 'name', 'timestamp', 'ats', 'opts')
    if not job.err and job[1] then
      if isFirst then first[#first + 1] = job end
      if not seen[job[1]] then
        seen[job[1]] = true
        types[#types + 1] = job[1]
      end
    end
  end
end
look(redis.call('LRANGE', base .. 'wait', -sample, -1), true)
look(redis.call('ZRANGE', base .. 'prioritized', 0, sample - 1), true)
look(redis.call('LRANGE', base .. 'wait', 0, sample - 1), false)
look(redis.call('ZRANGE', base .. 'delayed', 0, sample - 1), false)
local dead, recently = 0, 0
for _, set in ipairs({'failed', 'expired'}) do
  dead = dead + redis.call('ZCARD', base .. set)
  recently = recently + redis.call('ZCOUNT', base .. set, now - recent, '+inf')
end
local paused = redis.call('HEXISTS', base .. 'meta', 'paused')
local overdue = redis.call('ZCOUNT', base .. 'delayed', '-inf', string.format('%.0f', now * scale))
return {now, paused, redis.call('LLEN', base .. 'active'), ownerless, first, types, dead, recently, overdue}`,
);

/** A queue at one moment. */
export interface QueueLook {
  /** The time at Redis. */
  readonly now: number;
  readonly isPaused: boolean;
  readonly slotsTaken: number;
  /** Active, and held by nobody. */
  readonly ownerless: readonly string[];
  readonly oldestDueAt: number | undefined;
  readonly openTypes: readonly string[];
  readonly dead: number;
  readonly recentlyDead: number;
  /** Delayed, and due. */
  readonly overdue: number;
}

/** Bounded work, however long the queue is. */
export async function lookAtQueue(
  redis: Redis | Cluster,
  prefix: string,
  queue: string,
): Promise<QueueLook> {
  const args = [MAX_ACTIVE, SAMPLE, RECENT_MS, PER_MS];
  const answer = await lookOnce(redis, [queueKey(prefix, queue, '')], args);
  const [now, paused, slotsTaken, ownerless, first, openTypes, dead, recentlyDead, overdue] =
    answer;
  const due = first.map(dueAt).filter((at) => at !== undefined);
  const oldestDueAt = due.length > 0 ? Math.min(...due) : undefined;
  const isPaused = paused === 1;
  return {
    now,
    isPaused,
    slotsTaken,
    ownerless,
    oldestDueAt,
    openTypes,
    dead,
    recentlyDead,
    overdue,
  };
}

/** Since when a task could have been taken that never was. One that is tried again waited for something else meanwhile. */
function dueAt([, timestamp, starts, options]: Sample): number | undefined {
  const pushedAt = Number(timestamp);
  if (!Number.isFinite(pushedAt) || pushedAt <= 0 || Number(starts ?? 0) > 0) return undefined;
  const delayMs = Number(/"delay":(\d+)/.exec(options ?? '')?.[1] ?? 0);
  return pushedAt + delayMs;
}
