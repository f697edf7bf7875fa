import { queueKey } from '../keys.js';
import { LUA_STATE } from './lua.js';
import { LUA_CHUNK_SIZE, LUA_STATE_IN_CHUNK } from './lua-chunks.js';
import { defineScript, type QueueConnection } from './script.js';

const SCAN_COUNT = 200;
const MAX_CALLS = 20;

/** KEYS: key base. ARGV: cursor, how many. Output: the next cursor. */
const sweepSome = defineScript<string>(
  'goflowSweepCancelling',
  `
local base = KEYS[1]
${LUA_STATE}
${LUA_CHUNK_SIZE}
${LUA_STATE_IN_CHUNK}
local function stateAnywhere(id)
  local chunk, index = string.match(id, '^(.*)%.(%d+)$')
  return stateOf(id) or chunk and stateInChunk(chunk, tonumber(index))
end
local cancelling = base .. 'cancelling'
local cursor, entries = unpack(redis.call('HSCAN', cancelling, ARGV[1], 'COUNT', ARGV[2]))
for i = 1, #entries, 2 do
  local state = stateAnywhere(entries[i])
  if not state or isFinal(state) then redis.call('HDEL', cancelling, entries[i]) end
end
return cursor`,
);

/** Forgets the wishes to cancel tasks that have finished or are gone. */
export async function sweepCancelling(
  { redis, prefix }: QueueConnection,
  queue: string,
): Promise<void> {
  let cursor = '0';
  for (let call = 0; call < MAX_CALLS; call += 1) {
    cursor = await sweepSome(redis, [queueKey(prefix, queue, '')], [cursor, SCAN_COUNT]);
    if (cursor === '0') return;
  }
}
