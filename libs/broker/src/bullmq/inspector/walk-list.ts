import { LUA_CHUNK_SIZE } from './lua-chunks.js';
import { LUA_FOUND } from './lua-found.js';
import type { ListPosition } from './page-cursor.js';
import { LUA_KEEP } from './page-filter.js';
import { defineScript, type QueueConnection } from './script.js';
import { entriesFor, type Step, type Walk } from './walk-set.js';

/** The entries around a place are looked for so far on either side of where it was, and then … */
const NEAR = 400;
/** … so far from the end of the list that is nearer. Some milliseconds of Redis. */
const FAR = 100_000;

/**
 * Walks down a list, from its head, where the newest are, to its tail, where they are taken. A list has no keys, so its place is
 * a number and the entries around it. As long as one of those is near where it was, or within 100,000 of an end, what stays in
 * the list is met exactly once. Else the walk goes on by the number, and meets some again. KEYS: key base, list. ARGV: number,
 * length of the list then, the entry before, after, and before the one before; the index in the chunk after the place, or 0; the
 * most entries to look at, the most ids, how far is near, how far is far, then the filter. Output: ids, the new place, the index
 * in the chunk after it or 0, 1 at the end.
 */
const walk = defineScript<
  [ids: string[], index: number, length: number, around: string[], below: number, ended: number]
>(
  'goflowWalkList',
  `
local base, list = KEYS[1], KEYS[2]
local filterAt = 11
local index, lengthThen = tonumber(ARGV[1]), tonumber(ARGV[2])
local around, below = {ARGV[3], ARGV[4], ARGV[5]}, tonumber(ARGV[6])
local most, room, near, far = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
${LUA_KEEP}
${LUA_CHUNK_SIZE}
${LUA_FOUND}
local length = redis.call('LLEN', list)
-- The walk goes on with the entry after the place, and after each of those before it.
local offset = {1, 0, 1}

local function nearby()
  local first = math.max(index - near, 0)
  local at = {}
  for i, id in ipairs(redis.call('LRANGE', list, first, index + near)) do at[id] = first + i - 1 end
  for i = 1, 3 do
    if at[around[i]] then return at[around[i]] + offset[i] end
  end
end

local function faraway()
  local rank = index > length / 2 and -1 or 1
  for i = 1, 2 do
    local at = around[i] ~= '' and redis.call('LPOS', list, around[i], 'RANK', rank, 'MAXLEN', far)
    if at then return at + offset[i] end
  end
end

local start = index
-- Where it was, if nothing is known of where it is now: too early rather than too late.
if index > 0 or below > 0 then start = nearby() or faraway() or index + math.max(length - lengthThen, 0) end
local entries = redis.call('LRANGE', list, start, start + most - 1)
local before, beforeThat, looked, rest = around[1], around[3], 0, 0
for i = 1, math.min(#entries, most - 1) do
  local id = entries[i]
  if isFull() then break end
  if id ~= around[1] and keep(id) then
    rest = add(id, below > 0 and id == around[2] and below or nil)
    -- The place is before this chunk until it is done with.
    if rest > 0 then break end
  end
  before, beforeThat, looked = id, before, i
end
local ended = looked == #entries and 1 or 0
return {ids, start + looked, length, {before, entries[looked + 1] or '', beforeThat}, rest, ended}`,
);

/** Walks one step down a list. */
export async function walkList(
  { redis }: QueueConnection,
  { key, base, from, below, room, filter }: Walk<ListPosition>,
): Promise<Step<ListPosition>> {
  const [index, length, ...around] = from ?? [0, 0, '', '', ''];
  const args = [index, length, ...around, below, entriesFor(room, filter), room, NEAR, FAR];
  const answer = await walk(redis, [base, key], [...args, ...filter.args]);
  const [ids, next, lengthNow, aroundNow, rest, ended] = answer;
  return { ids, next: ended === 1 ? undefined : [next, lengthNow, ...aroundNow], below: rest };
}
