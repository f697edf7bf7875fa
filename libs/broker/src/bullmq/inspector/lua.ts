// Pieces that several Lua scripts are made of. Each expects a local `base`: the key of a queue up to the name of a part.

/** `now()`: the time of Redis in milliseconds. A worker's own clock may be an hour wrong. */
export const LUA_NOW = `
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`;

/** `stateOf(id)`: the state of a task, or false when it is gone. Constant time, where a search of the lists is linear. */
export const LUA_STATE = `
local function stateOf(id)
  local job = base .. id
  -- A key of another type is no task.
  local name, finished = unpack(redis.pcall('HMGET', job, 'name', 'finishedOn'))
  if not name then return false end
  if finished then
    if redis.call('HEXISTS', job, 'returnvalue') == 1 then return 'completed' end
    if redis.call('ZSCORE', base .. 'cancelled', id) then return 'cancelled' end
    if redis.call('ZSCORE', base .. 'expired', id) then return 'expired' end
    return 'failed'
  end
  if redis.call('EXISTS', job .. ':lock') == 1 then return 'active' end
  if redis.call('ZSCORE', base .. 'delayed', id) then return 'delayed' end
  return 'waiting'
end
local function isFinal(state)
  return state == 'completed' or state == 'failed' or state == 'cancelled' or state == 'expired'
end
`;

/**
 * `countAbove(set, score, member)`: how many members of a sorted set lie above a place in it, which need not be taken. In Redis's
 * own order: by score, then by bytes. Lua's `<` compares as the locale of the server wants it.
 */
export const LUA_COUNT_ABOVE = `
local function isAbove(member, other)
  for i = 1, math.min(#member, #other) do
    local one, two = string.byte(member, i), string.byte(other, i)
    if one ~= two then return one > two end
  end
  return #member > #other
end
local function countAbove(set, score, member)
  local from = redis.call('ZCOUNT', set, '(' .. score, '+inf')
  local to = from + redis.call('ZCOUNT', set, score, score)
  while from < to do
    local middle = math.floor((from + to) / 2)
    local there = redis.call('ZREVRANGE', set, middle, middle)[1]
    if isAbove(there, member) then from = middle + 1 else to = middle end
  end
  return from
end
`;

/** `optionsIn(text)`: the options of a job; an empty table for what is none. */
export const LUA_OPTIONS = `
local function optionsIn(text)
  local isJson, options = pcall(cjson.decode, text or '')
  return isJson and type(options) == 'table' and options or {}
end
`;

/**
 * `ownRetention(text, state)`: how long a task is kept by its own push, in ms; nil where that says nothing. Needs {@link
 * LUA_OPTIONS}.
 */
export const LUA_OWN_RETENTION = `
local function ownRetention(text, state)
  -- Most tasks have none, and decoding is not free.
  if not text or not string.find(text, '"ret":', 1, true) then return nil end
  local own = optionsIn(text).ret
  if type(own) ~= 'table' then return nil end
  local ms = own[state == 'completed' and 1 or 2]
  return type(ms) == 'number' and ms or nil
end
`;

/**
 * `remove(ids)`: removes finished tasks and chunks with all that belongs to them, at most some thousands. The key of a
 * deduplication window stays for its time: it outlives the task. `costOf(options, isLogged)`: what removing one costs: 1, or 1
 * for each log that a chunk may have. Needs {@link LUA_OPTIONS}, LUA_CHUNK_SIZE and LUA_FORGET_CHUNK.
 */
export const LUA_REMOVE = `
local function costOf(options, isLogged)
  return isLogged and chunkSize(options) or 1
end
local function removeOne(id)
  local job = base .. id
  local options, deduplication, open, completed = unpack(redis.call('HMGET', job, 'opts', 'deid', 'o', 'd'))
  if options and string.find(options, '"tags":', 1, true) then
    local tags = optionsIn(options).tags
    for _, tag in ipairs(type(tags) == 'table' and tags or {}) do
      if type(tag) == 'string' then redis.call('ZREM', base .. 'tag:' .. tag, id) end
    end
  end
  if deduplication then
    local key = base .. 'de:' .. deduplication
    if redis.call('GET', key) == id and redis.call('PTTL', key) == -1 then redis.call('DEL', key) end
  end
  -- What another program wrote into a chunk must not keep it from being removed.
  if chunkSize(options) and numberIn(open) and numberIn(completed or '0') then forgetChunk(id) end
  redis.call('DEL', job, job .. ':logs', job .. ':dependencies', job .. ':processed', job .. ':failed',
    job .. ':unsuccessful')
end
local function remove(ids)
  if #ids == 0 then return end
  for _, id in ipairs(ids) do removeOne(id) end
  for _, set in ipairs({'completed', 'failed', 'cancelled', 'expired', 'retained'}) do
    redis.call('ZREM', base .. set, unpack(ids))
  end
  redis.call('HDEL', base .. 'suspects', unpack(ids))
  redis.call('HDEL', base .. 'cancelling', unpack(ids))
end
`;

/**
 * `withVersion(options, version)`: the options of a job with this version of its envelope, or none for ''. Not by decoding them: encoded
 * again, an empty list would be an object.
 */
export const LUA_WITH_VERSION = `
local function withVersion(options, version)
  options = options or '{}'
  -- In a text within it the quotes have backslashes.
  local isThere = string.find(options, '[{,]"v":%d')
  if not isThere and version == '' then return options end
  options = string.gsub(options, '([{,])"v":%d+,?', '%1', 1)
  options = string.gsub(options, ',}$', '}', 1)
  if version == '' then return options end
  local comma = options == '{}' and '' or ','
  return string.sub(options, 1, -2) .. comma .. '"v":' .. version .. '}'
end
`;
