// Pieces that several Lua scripts about chunks are made of. Each expects a local `base`: the key of a queue up to the name of a part.

/** `lineOf(text, number)`: a line of a text, counted from 0; nil where there is none. Each line ends in a newline. */
export const LUA_LINES = `
local function lineOf(text, number)
  local start = 1
  for _ = 1, number do
    local ending = string.find(text, '\\n', start, true)
    if not ending then return nil end
    start = ending + 1
  end
  local ending = string.find(text, '\\n', start, true)
  return ending and string.sub(text, start, ending - 1)
end
`;

/** `payloadIn(data, index)`: the payload of one task in the data of its chunk, as JSON. Needs {@link LUA_LINES}. */
export const LUA_PAYLOAD = `
local function payloadIn(data, index)
  local line = lineOf(data, index + 1)
  return line and (string.gsub(line, ',$', ''))
end
`;

/**
 * Keeps count of the tasks in chunks, which BullMQ cannot know: to it, a chunk is one job. `countIn(chunk)`: it is in its queue; counted
 * once, whoever says so first. `settle(chunk, settled, completed)`: of its tasks so many are settled by this step, and so many
 * of those completed.
 */
export const LUA_COUNTING = `
local function countIn(chunk)
  local job = base .. chunk
  local size = tonumber(string.match(redis.call('HGET', job, 'opts') or '', '"c":(%d+)'))
  if not size or redis.call('HSETNX', job, 'o', size) == 0 then return end
  redis.call('HINCRBY', base .. 'chunks', 'jobs', 1)
  redis.call('HINCRBY', base .. 'chunks', 'open', size)
end
local function settle(chunk, settled, completed)
  countIn(chunk)
  if settled == 0 then return end
  local left = redis.call('HINCRBY', base .. chunk, 'o', -settled)
  redis.call('HINCRBY', base .. 'chunks', 'open', -settled)
  if completed > 0 then
    redis.call('HINCRBY', base .. chunk, 'd', completed)
    redis.call('HINCRBY', base .. 'chunks', 'completed', completed)
  end
  if left == 0 then
    redis.call('HINCRBY', base .. 'chunks', 'jobs', -1)
    redis.call('HINCRBY', base .. 'chunks', 'finished', 1)
  end
end
`;

/** `forgetChunk(chunk)`: takes a chunk that is removed out of the count, and the log lines of its tasks with it. */
export const LUA_FORGET_CHUNK = `
local function forgetChunk(chunk)
  local open, completed, isLogged, options = unpack(redis.call('HMGET', base .. chunk, 'o', 'd', 'lg', 'opts'))
  if not open then return end
  local isOpen = tonumber(open) > 0
  redis.call('HINCRBY', base .. 'chunks', isOpen and 'jobs' or 'finished', -1)
  -- 0 less it: Lua writes a negative 0 as -0, which Redis takes for no number.
  redis.call('HINCRBY', base .. 'chunks', 'open', 0 - open)
  redis.call('HINCRBY', base .. 'chunks', 'completed', 0 - (completed or 0))
  if not isLogged then return end
  for index = 0, tonumber(string.match(options, '"c":(%d+)')) - 1 do
    -- One that has left keeps its log with its own job.
    local own = base .. chunk .. '.' .. index
    if redis.call('EXISTS', own) == 0 then redis.call('DEL', own .. ':logs') end
  end
end
`;

/**
 * `leaveChunk(chunk, index, leaving)`: a task leaves its chunk, and from now on is a job of its own, as any other. `leaving`: `state`:
 * where it goes: delayed, completed, failed, cancelled or expired; `score`: when it is due, or ended, in ms; `isBegun`: it was begun in
 * time; `fields`: what else is said of it. Needs {@link LUA_LINES}, {@link LUA_PAYLOAD}, {@link LUA_COUNTING}.
 */
export const LUA_LEAVE = `
local function without(options, pattern)
  return (string.gsub(string.gsub(options, ',?' .. pattern, '', 1), '^{,', '{', 1))
end
local function indexAs(unique, options, state, score, pushed)
  local isJson, given = pcall(cjson.decode, options)
  if not isJson or type(given) ~= 'table' then return end
  for _, tag in ipairs(type(given.tags) == 'table' and given.tags or {}) do
    if type(tag) == 'string' then redis.call('ZADD', base .. 'tag:' .. tag, 'NX', pushed, unique) end
  end
  local kept = type(given.ret) == 'table' and tonumber(given.ret[state == 'completed' and 1 or 2])
  if state ~= 'delayed' and kept then redis.call('ZADD', base .. 'retained', score + kept, unique) end
end
local function leaveChunk(chunk, index, leaving)
  local job, unique = base .. chunk, chunk .. '.' .. index
  if redis.call('HSETNX', job, 'x' .. index, 1) == 0 then return end
  settle(chunk, 1, 0)
  local name, data, options, pushed, priority, starts, worker, progress = unpack(redis.call('HMGET', job, 'name',
    'data', 'opts', 'timestamp', 'priority', 'ats', 'pb', 'g' .. index))
  options = without(options, '"c":%d+')
  if leaving.isBegun then options = without(options, '"sb":[%d.e+]+') end
  local own = base .. unique
  redis.call('HSET', own, 'name', name, 'data', payloadIn(data, index) or 'null', 'opts', options, 'timestamp', pushed,
    'delay', 0, 'priority', priority or 0, 'ats', starts or 0, unpack(leaving.fields))
  if worker then redis.call('HSET', own, 'pb', worker) end
  if progress then
    redis.call('HSET', own, 'progress', progress)
    redis.call('HDEL', job, 'g' .. index)
  end
  if leaving.state == 'delayed' then
    redis.call('ZADD', base .. 'delayed', leaving.score * 0x1000, unique)
    local due = redis.call('ZRANGE', base .. 'delayed', 0, 0, 'WITHSCORES')[2]
    redis.call('ZADD', base .. 'marker', tonumber(due) / 0x1000, '1')
  else
    redis.call('ZADD', base .. leaving.state, leaving.score, unique)
    redis.call('HSET', own, 'finishedOn', string.format('%.0f', leaving.score))
  end
  if leaving.state == 'completed' then
    -- As BullMQ tells programs of its own.
    local most = tonumber(redis.call('HGET', base .. 'meta', 'opts.maxLenEvents') or 10000)
    redis.call('XADD', base .. 'events', 'MAXLEN', '~', most, '*', 'event', 'completed', 'jobId', unique, 'returnvalue',
      redis.call('HGET', own, 'returnvalue'), 'prev', 'active')
  end
  if string.find(options, '"tags":', 1, true) or string.find(options, '"ret":', 1, true) then
    indexAs(unique, options, leaving.state, leaving.score, pushed)
  end
end
`;
