import { LUA_COUNT_ABOVE } from './lua.js';
import { LUA_CHUNK_SIZE } from './lua-chunks.js';
import { LUA_FOUND } from './lua-found.js';
import type { SetPosition } from './page-cursor.js';
import { type Filter, LUA_KEEP } from './page-filter.js';
import { defineScript, type QueueConnection } from './script.js';
import { YOUNG_MS } from './tag-index.js';

/** What one step of a walk found. */
export interface Step<Position> {
  /** BullMQ's ids, and those that tasks of chunks would have. */
  readonly ids: readonly string[];
  /** Where to go on; `undefined` at the end. */
  readonly next: Position | undefined;
  /** Above 0: what is at the place is a chunk, and of it the tasks below this index are still to come. */
  readonly below: number;
}

/** Where and how a walk goes on. */
export interface Walk<Position> {
  readonly key: string;
  /** The key of the queue up to the name of a part. */
  readonly base: string;
  readonly from: Position | undefined;
  /** See {@link Step.below}. */
  readonly below: number;
  /** The most ids to find. */
  readonly room: number;
  readonly filter: Filter;
}

/** The most entries that one step looks at. */
export const MAX_ENTRIES = 1_000;
/** So many it looks at, though there is room for fewer ids: of some chunks there is nothing to tell. */
const MIN_ENTRIES = 50;

/** How many entries one step looks at: one more for the place itself, and one to see whether there are more. */
export const entriesFor = (room: number, { isPicky }: Filter): number =>
  isPicky ? MAX_ENTRIES : Math.min(Math.max(room, MIN_ENTRIES) + 2, MAX_ENTRIES);

/**
 * Walks down a sorted set from a place in it. The place is a score and a member, not a number of members: whatever comes and goes
 * meanwhile, what stays is met exactly once. KEYS: key base, set. ARGV: score and member of the place or '', the index in the
 * chunk there or 0, the most entries to look at, the most ids, the lowest score or '', how long an id is young, then the filter.
 * Output: ids, score and member of the last one looked at, the index in the chunk there or 0, 1 at the end. In the index of a
 * tag, ids without a task are removed on the way.
 */
const walk = defineScript<
  [ids: string[], score: string, member: string, below: number, ended: number]
>(
  'goflowWalkSet',
  `
local base, set = KEYS[1], KEYS[2]
local filterAt = 8
local score, member, below = ARGV[1], ARGV[2], tonumber(ARGV[3])
local most, room, lowest, young = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
${LUA_KEEP}
${LUA_COUNT_ABOVE}
${LUA_CHUNK_SIZE}
${LUA_FOUND}
local start = score == '' and 0 or countAbove(set, score, member)
local entries = redis.call('ZREVRANGE', set, start, start + most - 1, 'WITHSCORES')
local isThere = entries[1] == member and tonumber(entries[2]) == tonumber(score)
-- What is left of the chunk at the place comes first.
local rest = isThere and below > 0 and below or nil
if isThere and not rest then
  table.remove(entries, 1)
  table.remove(entries, 1)
  most = most - 1
end
local gone, ended = {}, #entries < most * 2
below = 0
for i = 1, #entries, 2 do
  local id, itsScore = entries[i], entries[i + 1]
  if lowest and tonumber(itsScore) < lowest then
    ended = true
    break
  end
  if isFull() then
    ended = false
    break
  end
  if keep(id) then
    below = add(id, i == 1 and rest or nil)
  elseif isMixed and redis.call('EXISTS', base .. id) == 0 and tonumber(itsScore) < now() - young then
    gone[#gone + 1] = id
  end
  score, member = itsScore, id
end
if #gone > 0 then redis.call('ZREM', set, unpack(gone)) end
return {ids, score, member, below, ended and below == 0 and 1 or 0}`,
);

/** Walks one step down a sorted set. */
export async function walkSet(
  { redis }: QueueConnection,
  { key, base, from, below, room, filter }: Walk<SetPosition>,
): Promise<Step<SetPosition>> {
  const [score, member] = from ?? ['', ''];
  const bounds = [entriesFor(room, filter), room, filter.stopBelow, YOUNG_MS];
  const args = [score, member, below, ...bounds, ...filter.args];
  const [ids, lastScore, lastMember, rest, ended] = await walk(redis, [base, key], args);
  return { ids, next: ended === 1 ? undefined : [lastScore, lastMember], below: rest };
}
