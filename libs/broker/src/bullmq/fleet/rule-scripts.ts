import { defineScript } from '../inspector/script.js';

/** How many lines each list of the audit trail has at most. */
export const MAX_AUDIT = 1_000;

/** How many rules there may be: every worker reads them all. */
export const MAX_RULES = 1_000;

/** Among so many of the last lines a change is looked for that is sent a second time, because no answer came to the first. */
const SENT_TWICE = 32;

/** `record` and `sentBefore` pass over a trail whose key is no list, but somebody else's: a change is not to fail half-way for that. */
const LUA_AUDIT = `
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local kind = redis.call('TYPE', audit).ok
local isTrail = (kind == 'list' or kind == 'none') and 1 or 0
local function record(line, before)
  if isTrail == 0 then return end
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
  if isTrail == 0 then return end
  for _, line in ipairs(redis.call('LRANGE', audit, 0, ${SENT_TWICE - 1})) do
    if string.find(line, nonce, 1, true) then
      local known = isTable(line)
      return known and known.from and string.format('%.0f', known.from) or ''
    end
  end
end`;

/**
 * `ruleIn(text, scope)`: a stored rule, or nothing for what the readers of the rules do not take for one. It is stricter than they are: what
 * goflow would not have written in this form is written anew when it is said again. Needs `isTable`.
 */
const LUA_RULE = `
local function ruleIn(text, scope)
  -- cjson reads more than JSON: nan, 0x10, 05, and an empty list as an empty object.
  local bare = string.gsub(string.gsub(text, '\\\\.', ''), '"[^"]*"', '')
  if string.find(text, '%c') or string.find(bare, '[^%d,:{}%s]') or string.find(bare, '%f[%d]0%d') then return end
  local rule = isTable(text)
  local function isWhole(value) return type(value) == 'number' and value < 2^53 end
  if not rule or not isWhole(rule.concurrency) or not isWhole(rule.at) or type(rule.by) ~= 'string' then return end
  if rule.queue ~= nil and type(rule.queue) ~= 'string' then return end
  if rule.labels ~= nil and type(rule.labels) ~= 'table' then return end
  local rest, length = scope .. ',', #(rule.queue or '*')
  if string.sub(rest, 1, length + 1) ~= (rule.queue or '*') .. ',' then return end
  for key, value in pairs(rule.labels or {}) do
    if type(value) ~= 'string' then return end
    local pair = ',' .. key .. '=' .. value
    if not string.find(rest, pair .. ',', 1, true) then return end
    length = length + #pair
  end
  if length == #scope then return rule end
end`;

/**
 * Says what is wanted of a scope, or nothing more, writes it into the audit trail, and tells all workers: all of it, or nothing. A rule that is said
 * again counts as the newest, also within a millisecond and when the clock of Redis was set back; where it was that already, nothing is
 * written. KEYS: rules, audit, version. ARGV: the scope's text, the rule as JSON without its time or '', the concurrency or '', the line for
 * the audit trail without its time, the change's own mark, the channel.
 * Output: 1 when it was done, 0 when it was so already, -1 when there are too many rules; the concurrency before, or ''; 0 when there is no
 * audit trail to write to.
 */
export const setRule = defineScript<[done: number, before: string, isTrail: number]>(
  'goflowSetRule',
  `
local rules, audit, version = KEYS[1], KEYS[2], KEYS[3]
local scope, rule, wanted, line, nonce, channel = unpack(ARGV)
${LUA_AUDIT}
${LUA_RULE}
local known = sentBefore(nonce)
if known then return {1, known, 1} end
local stored = redis.call('HGET', rules, scope)
local old = stored and ruleIn(stored, scope)
local before = old and string.format('%.0f', old.concurrency) or ''

local function size(labels)
  local count = 0
  for _ in pairs(labels or {}) do count = count + 1 end
  return count
end
-- Whether both may fit one worker, and none of them is the more specific.
local function isRival(one, other)
  if one.queue ~= other.queue or size(one.labels) ~= size(other.labels) then return false end
  for key, value in pairs(one.labels or {}) do
    if other.labels[key] and other.labels[key] ~= value then return false end
  end
  return true
end
local function isNewest(all)
  for i = 1, #all, 2 do
    local other = all[i] ~= scope and ruleIn(all[i + 1], all[i])
    if other and other.at >= old.at and isRival(old, other) then return false end
  end
  return true
end
local function newerThan(all)
  local at = tonumber(now)
  for i = 2, #all, 2 do
    local other = tonumber(string.match(all[i], '"at":(%d+)}$') or 0)
    -- A time that is none is not to make all others unreadable.
    if other >= at and other < 2^52 then at = other + 1 end
  end
  return string.format('%.0f', at)
end

if rule == '' then
  if not stored then return {0, '', 1} end
  redis.call('HDEL', rules, scope)
else
  local all = redis.call('HGETALL', rules)
  if before == wanted and isNewest(all) then return {0, before, 1} end
  if not stored and #all >= ${2 * MAX_RULES} then return {-1, '', 1} end
  redis.call('HSET', rules, scope, string.sub(rule, 1, -2) .. ',"at":' .. newerThan(all) .. '}')
end
record(line, before)
local isCounted = redis.pcall('INCR', version)
if type(isCounted) == 'table' then redis.call('SET', version, now) end
redis.call('PUBLISH', channel, scope)
return {1, before, isTrail}`,
);

/**
 * Writes a line into the audit trail, once. KEYS: audit. ARGV: the line without its time, the change's own mark. Output: 0 when there is no
 * audit trail to write to.
 */
export const recordAudit = defineScript<number>(
  'goflowAudit',
  `
local audit = KEYS[1]
${LUA_AUDIT}
if not sentBefore(ARGV[2]) then record(ARGV[1], '') end
return isTrail`,
);
