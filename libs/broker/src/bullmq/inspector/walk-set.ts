import { LUA_COUNT_ABOVE } from './lua.js';
import type { SetPosition } from './page-cursor.js';
import { type Filter, LUA_KEEP } from './page-filter.js';
import { defineScript, type QueueConnection } from './script.js';
import { YOUNG_MS } from './tag-index.js';

/** What one step of a walk found. */
export interface Step<Position> {
  /** BullMQ's ids. */
  readonly ids: readonly string[];
  /** Where to go on; `undefined` at the end. */
  readonly next: Position | undefined;
}

/** Where and how a walk goes on. */
export interface Walk<Position> {
  readonly key: string;
  /** The key of the queue up to the name of a part. */
  readonly base: string;
  readonly from: Position | undefined;
  /** The most ids to find. */
  readonly room: number;
  readonly filter: Filter;
}

/** The most entries that one step looks at. */
export const MAX_ENTRIES = 1_000;

/**
 * Walks down a sorted set from a place in it. The place is a score and a member, not a number of members: whatever comes and goes
 * meanwhile, what stays is met exactly once. KEYS: key base, set. ARGV: score and member of the place or '', the most entries to
 * look at, the most ids, the lowest score or '', how long an id is young, then the filter. Output: ids, score and member of the
 * last one looked at, 1 at the end. In the index of a tag, ids without a task are removed on the way.
 */
const walk = defineScript<[ids: string[], score: string, member: string, ended: number]>(
  'goflowWalkSet',
  `
local base, set = KEYS[1], KEYS[2]
local filterAt = 7
${LUA_KEEP}
${LUA_COUNT_ABOVE}
local score, member = ARGV[1], ARGV[2]
local most, room, lowest, young = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local start = score == '' and 0 or countAbove(set, score, member)
local entries = redis.call('ZREVRANGE', set, start, start + most - 1, 'WITHSCORES')
if entries[1] == member and tonumber(entries[2]) == tonumber(score) then
  table.remove(entries, 1)
  table.remove(entries, 1)
  most = most - 1
end
local ids, gone, ended = {}, {}, #entries < most * 2
for i = 1, #entries, 2 do
  local id, itsScore = entries[i], entries[i + 1]
  if lowest and tonumber(itsScore) < lowest then
    ended = true
    break
  end
  if #ids == room then
    ended = false
    break
  end
  if keep(id) then
    ids[#ids + 1] = id
  elseif state ~= '' and redis.call('EXISTS', base .. id) == 0 and tonumber(itsScore) < now() - young then
    gone[#gone + 1] = id
  end
  score, member = itsScore, id
end
if #gone > 0 then redis.call('ZREM', set, unpack(gone)) end
return {ids, score, member, ended and 1 or 0}`,
);

/** Walks one step down a sorted set. */
export async function walkSet(
  { redis }: QueueConnection,
  { key, base, from, room, filter }: Walk<SetPosition>,
): Promise<Step<SetPosition>> {
  const [score, member] = from ?? ['', ''];
  // One for the place itself, and one to see whether there are more.
  const most = filter.isPicky ? MAX_ENTRIES : Math.min(room + 2, MAX_ENTRIES);
  const args = [score, member, most, room, filter.stopBelow, YOUNG_MS, ...filter.args];
  const [ids, lastScore, lastMember, ended] = await walk(redis, [base, key], args);
  return { ids, next: ended === 1 ? undefined : [lastScore, lastMember] };
}
