import { readEpoch } from './epoch.js';
import { LUA_RULES_VERSION } from './rules-version.js';

/** A worker counts as alive this long after its last beat: two beats may be lost. */
export const ALIVE_MS = 12_000;

/** A worker that gave no sign of life for this long is dropped by the next that cleans up. */
const DROP_MS = 15_000;

/** At most this many silent workers are dropped at once. */
const DROP_LIMIT = 100;

/** After this long without any worker that cleans up, the keys go by themselves. */
const EXPIRE_MS = 120_000;

/** A type that nobody advertised for this long is forgotten: 7 days. */
const FORGET_MS = 7 * 24 * 3_600_000;

/** How many types one call writes or looks at. */
export const TYPES_PER_CALL = 1_000;

/** For this long after a worker left, its types still count as live: by then any other worker that has them has beaten again. */
const LEFT_MS = 6_000;

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * Writes a sign of life. One that also cleans up drops the workers that are silent, and puts off the end of the keys, which expire by
 * themselves once no worker is left. With a cursor it looks through some of the types for forgotten ones. Workers "seen" in the future
 * are dropped, too: the clock was set back, and the live ones beat again soon.
 * KEYS: workers, seen, types, epoch, rules, version. ARGV: name, advert as JSON, cursor or '', '1' to clean up or '', a new mark of the data,
 * then types. Output: now, the next cursor or '', the mark, the version of the rules.
 */
export const BEAT = `${NOW}
${LUA_RULES_VERSION}
local stamp = string.format('%.0f', now)
redis.call('HSET', KEYS[1], ARGV[1], string.sub(ARGV[2], 1, -2) .. ',"seenAt":' .. stamp .. '}')
redis.call('ZADD', KEYS[2], stamp, ARGV[1])
local fields = {}
for i = 6, #ARGV do
  fields[#fields + 1] = ARGV[i]
  fields[#fields + 1] = stamp
end
if #fields > 0 then redis.call('HSET', KEYS[3], unpack(fields)) end
if ARGV[4] == '1' then
  local ranges = {{'-inf', now - ${DROP_MS}}, {now + ${DROP_MS}, '+inf'}}
  for _, range in ipairs(ranges) do
    local silent = redis.call('ZRANGEBYSCORE', KEYS[2], range[1], range[2], 'LIMIT', 0, ${DROP_LIMIT})
    if #silent > 0 then
      redis.call('ZREM', KEYS[2], unpack(silent))
      redis.call('HDEL', KEYS[1], unpack(silent))
    end
  end
  redis.call('PEXPIRE', KEYS[1], ${EXPIRE_MS})
  redis.call('PEXPIRE', KEYS[2], ${EXPIRE_MS})
  redis.call('PEXPIRE', KEYS[3], ${FORGET_MS})
end
local cursor = ARGV[3]
if cursor ~= '' then
  local page = redis.call('HSCAN', KEYS[3], cursor, 'COUNT', 100)
  for i = 1, #page[2], 2 do
    local at = tonumber(page[2][i + 1])
    if not at or at < now - ${FORGET_MS} then redis.call('HDEL', KEYS[3], page[2][i]) end
  end
  cursor = page[1]
end
${readEpoch('KEYS[4]', 'ARGV[5]')}
return {now, cursor, epoch, versionOf(KEYS[5], KEYS[6])}`;

/**
 * Takes a worker out at once. Others may have its types, and which is not known here: so they are only made to look
 * older, and the next beat of another worker makes them young again before they count as gone.
 * KEYS: workers, seen, types. ARGV: name.
 */
export const LEAVE = `${NOW}
local stored = redis.call('HGET', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
local isRead, advert = pcall(cjson.decode, stored or '')
if not isRead or type(advert) ~= 'table' or type(advert.types) ~= 'table' then return end
local old = now - ${ALIVE_MS - LEFT_MS}
for i = 1, math.min(#advert.types, ${TYPES_PER_CALL}) do
  local at = tonumber(redis.call('HGET', KEYS[3], advert.types[i]))
  if at and at > old then redis.call('HSET', KEYS[3], advert.types[i], string.format('%.0f', old)) end
end`;

/**
 * The time at the server that has the fleet's keys (in a Redis Cluster each server has its own), and the mark of the data. KEYS: epoch.
 * ARGV: a new mark. Output: now, the mark.
 */
export const TIME = `${NOW}
${readEpoch('KEYS[1]', 'ARGV[1]')}
return {now, epoch}`;
