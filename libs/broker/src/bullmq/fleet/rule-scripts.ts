import { defineScript } from '../inspector/script.js';

/** How many lines the audit trail has at most. */
export const MAX_AUDIT = 1_000;

/** How many rules there may be: every worker reads them all. */
export const MAX_RULES = 1_000;

/** Among so many of the last lines a change is looked for that is sent a second time, because no answer came to the first. */
const SENT_TWICE = 32;

const LUA_AUDIT = `
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local function record(line, before)
  if before ~= '' then line = string.sub(line, 1, -2) .. ',"from":' .. before .. '}' end
  redis.call('LPUSH', audit, string.sub(line, 1, -2) .. ',"at":' .. now .. '}')
  redis.call('LTRIM', audit, 0, ${MAX_AUDIT - 1})
end
local function isTable(text)
  local isRead, value = pcall(cjson.decode, text)
  if isRead and type(value) == 'table' then return value end
end
-- What was said before, when the same change was made already.
local function sentBefore(nonce)
  for _, line in ipairs(redis.call('LRANGE', audit, 0, ${SENT_TWICE - 1})) do
    if string.find(line, nonce, 1, true) then
      local known = isTable(line)
      return known and known.from and string.format('%.0f', known.from) or ''
    end
  end
end`;

/**
 * Says what is wanted of a scope, or nothing more, writes it into the audit trail, and tells all workers: all of it, or nothing. A rule that is said
 * again counts as the newest; where it was that already, nothing is written. KEYS: rules, audit. ARGV: the scope's text, the rule as JSON
 * without its time or '', the concurrency or '', the line for the audit trail without its time, the change's own mark, the channel.
 * Output: 1 when it was done, 0 when it was so already, -1 when there are too many rules; the concurrency before, or ''.
 */
export const setRule = defineScript<[done: number, before: string]>(
  'goflowSetRule',
  `
local rules, audit = KEYS[1], KEYS[2]
local scope, rule, wanted, line, nonce, channel = unpack(ARGV)
${LUA_AUDIT}
local known = sentBefore(nonce)
if known then return {1, known} end
local stored = redis.call('HGET', rules, scope)
local old = stored and isTable(stored) or {}
local before = type(old.concurrency) == 'number' and string.format('%.0f', old.concurrency) or ''

local function size(labels)
  local count = 0
  for _ in pairs(type(labels) == 'table' and labels or {}) do count = count + 1 end
  return count
end
-- Whether both may fit one worker, and none of them is the more specific.
local function isRival(one, other)
  if one.queue ~= other.queue or size(one.labels) ~= size(other.labels) then return false end
  if type(one.labels) ~= 'table' then return true end
  for key, value in pairs(one.labels) do
    if other.labels[key] and other.labels[key] ~= value then return false end
  end
  return true
end
local function isNewest()
  -- Fields and values take turns; no field is JSON.
  for _, text in ipairs(redis.call('HGETALL', rules)) do
    local other = isTable(text)
    if other and type(other.at) == 'number' and other.at > old.at and isRival(old, other) then return false end
  end
  return true
end

if rule == '' then
  if not stored then return {0, ''} end
  redis.call('HDEL', rules, scope)
else
  if before == wanted and type(old.at) == 'number' and isNewest() then return {0, before} end
  if not stored and redis.call('HLEN', rules) >= ${MAX_RULES} then return {-1, ''} end
  redis.call('HSET', rules, scope, string.sub(rule, 1, -2) .. ',"at":' .. now .. '}')
end
record(line, before)
redis.call('PUBLISH', channel, scope)
return {1, before}`,
);

/** Writes a line into the audit trail, once. KEYS: audit. ARGV: the line without its time, the change's own mark. */
export const recordAudit = defineScript<null>(
  'goflowAudit',
  `
local audit = KEYS[1]
${LUA_AUDIT}
if not sentBefore(ARGV[2]) then record(ARGV[1], '') end`,
);
