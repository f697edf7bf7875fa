import type { QueueCounts } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { LUA_CHUNK_SIZE } from './inspector/lua-chunks.js';
import { defineScript } from './inspector/script.js';
import { queueKey } from './keys.js';

/** How many entries one call looks into, in the list of active jobs and in the set of delayed chunks. */
const MAX_PER_CALL = 1_000;

/** What a queue holds, in the order of the script below. */
type Sizes = readonly [
  waiting: number,
  active: number,
  delayed: number,
  completed: number,
  failed: number,
  cancelled: number,
  expired: number,
];

/** Of the chunks in a place: how many there are, how many open tasks they have; of those in the count; and how many have none. */
type Inside = readonly [
  entries: number,
  tasks: number,
  jobs: number,
  open: number,
  settled: number,
];

type Slice = readonly [
  sizes: Sizes,
  chunks: readonly (string | null)[],
  active: Inside,
  delayed: Inside,
  from: number,
  cursor: string,
];

/**
 * Looks at the sizes of a queue and, where there are chunks, into some of those that are active or delayed. KEYS: key base. ARGV:
 * the number of the first active entry, the cursor in the set of delayed chunks, the most entries. -1 and '' when that part is
 * done with. Output: sizes, the count of chunks, what was found in the two places, the next number and cursor.
 */
const countSome = defineScript<Slice>(
  'goflowCounts',
  `
local base, from, cursor, most = KEYS[1], tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
${LUA_CHUNK_SIZE}
local waiting = redis.call('LLEN', base .. 'wait') + redis.call('ZCARD', base .. 'prioritized')
local sizes = {waiting, redis.call('LLEN', base .. 'active')}
for _, set in ipairs({'delayed', 'completed', 'failed', 'cancelled', 'expired'}) do
  sizes[#sizes + 1] = redis.call('ZCARD', base .. set)
end
local chunks = redis.call('HMGET', base .. 'chunks', 'jobs', 'open', 'finished', 'completed')
local active, delayed = {0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}
if not chunks[1] then return {sizes, chunks, active, delayed, -1, ''} end

local function look(id, inside)
  local job = redis.pcall('HMGET', base .. id, 'opts', 'o')
  local size = not job.err and chunkSize(job[1])
  if not size then return end
  local open = numberIn(job[2])
  inside[1], inside[2] = inside[1] + 1, inside[2] + (open or size)
  if open == 0 then
    inside[5] = inside[5] + 1
  elseif open then
    inside[3], inside[4] = inside[3] + 1, inside[4] + open
  end
end

if from >= 0 then
  local entries = redis.call('LRANGE', base .. 'active', from, from + most - 1)
  for _, id in ipairs(entries) do look(id, active) end
  from = #entries < most and -1 or from + most
end
if cursor ~= '' then
  local found = redis.call('SSCAN', base .. 'chunks-delayed', cursor, 'COUNT', most)
  for _, id in ipairs(found[2]) do
    if redis.call('ZSCORE', base .. 'delayed', id) then
      look(id, delayed)
    elseif redis.call('EXISTS', base .. id .. ':lock') == 0 then
      -- A worker that holds it may be about to put it there. To count is not to fail where nothing may be written.
      redis.pcall('SREM', base .. 'chunks-delayed', id)
    end
  end
  cursor = found[1] == '0' and '' or found[1]
end
return {sizes, chunks, active, delayed, from, cursor}`,
);

/**
 * How many tasks a queue holds, by state; a chunk counts as the tasks that it carries. Without chunks constant time in Redis.
 * With chunks it looks at the active jobs and at the delayed chunks, 1,000 in one step: as long as there are no more, all is of
 * one moment.
 *
 * Those that completed in a chunk count at once, though lists show them when all of the chunk is settled. A chunk whose count was
 * lost in its push counts as one task until its first result is saved.
 */
export async function readCounts(
  redis: Redis | Cluster,
  prefix: string,
  queue: string,
): Promise<QueueCounts> {
  const key = queueKey(prefix, queue, '');
  const first = await countSome(redis, [key], [0, 0, MAX_PER_CALL]);
  const [sizes, chunks] = first;
  let [, , active, delayed, from, cursor] = first;
  while (from !== -1 || cursor !== '') {
    const more = await countSome(redis, [key], [from, cursor, MAX_PER_CALL]);
    active = sumOf(active, more[2]);
    delayed = sumOf(delayed, more[3]);
    [, , , , from, cursor] = more;
  }
  return toCounts(sizes, chunks, { active, delayed });
}

/**
 * How many tasks a queue holds that have not begun: waiting and delayed together, which needs no look into delayed chunks. Those of a chunk
 * whose count was lost in its push count as one.
 */
export async function readDepth(
  redis: Redis | Cluster,
  prefix: string,
  queue: string,
): Promise<number> {
  const key = queueKey(prefix, queue, '');
  let [from, active]: [number, Inside] = [0, [0, 0, 0, 0, 0]];
  for (;;) {
    const slice = await countSome(redis, [key], [from, '', MAX_PER_CALL]);
    const [[waiting, , delayed], [jobs, open], found, , next] = slice;
    active = sumOf(active, found);
    if (next === -1) {
      const [, , jobsActive, openActive] = active;
      const [chunks, inside] = [(Number(jobs) || 0) - jobsActive, (Number(open) || 0) - openActive];
      return Math.max(waiting + delayed - chunks + inside, 0);
    }
    from = next;
  }
}

function toCounts(
  [waiting, active, delayed, completed, failed, cancelled, expired]: Sizes,
  chunks: Slice[1],
  inside: { readonly active: Inside; readonly delayed: Inside },
): QueueCounts {
  const [jobs, open, finished, completedInside] = chunks.map((count) => Number(count) || 0);
  const [, , jobsElsewhere, openElsewhere, settled] = sumOf(inside.active, inside.delayed);
  const atLeast0 = (count: number): number => Math.max(count, 0);
  const [jobsWaiting, openWaiting] = [(jobs ?? 0) - jobsElsewhere, (open ?? 0) - openElsewhere];
  return {
    waiting: atLeast0(waiting - jobsWaiting + openWaiting),
    delayed: atLeast0(tasksIn(delayed, inside.delayed)),
    active: atLeast0(tasksIn(active, inside.active)),
    // A chunk that is settled and still held is about to be among the completed jobs.
    completed: atLeast0(completed - ((finished ?? 0) - settled) + (completedInside ?? 0)),
    failed,
    cancelled,
    expired,
  };
}

const tasksIn = (entries: number, [chunks, tasks]: Inside): number => entries - chunks + tasks;

const sumOf = (one: Inside, other: Inside): Inside => [
  one[0] + other[0],
  one[1] + other[1],
  one[2] + other[2],
  one[3] + other[3],
  one[4] + other[4],
];
