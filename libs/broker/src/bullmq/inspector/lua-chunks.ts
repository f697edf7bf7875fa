import { MAX_CHUNK } from '@goflow/shared';

// Pieces of Lua that look into chunks. Each expects a local `base`: the key of a queue up to the name of a part.

/**
 * `chunkSize(options)`: how many tasks a job carries, by its options as JSON; nil for a plain task, and for a number that no
 * chunk has. `numberIn(text)`: a number of tasks; nil for what is none.
 */
export const LUA_CHUNK_SIZE = `
local function chunkSize(options)
  local size = tonumber(string.match(options or '', '"c":(%d+)[,}]'))
  return size and size >= 1 and size <= ${MAX_CHUNK} and size or nil
end
local function numberIn(text)
  return tonumber(string.match(text or '', '^%d%d?%d?%d?$'))
end
`;

/**
 * `stateInChunk(chunk, index)`: the state of a task that is in its chunk; false when it has left, or there is none. In a chunk that
 * another program ended, the tasks without a result are as their chunk is; but completed is only what has a result. Needs
 * {@link LUA_CHUNK_SIZE} and LUA_STATE.
 */
export const LUA_STATE_IN_CHUNK = `
local function stateInChunk(chunk, index)
  local options, saved, left = unpack(redis.call('HMGET', base .. chunk, 'opts', 'k', 'x' .. index))
  local size = chunkSize(options)
  if not size or left or index >= size then return false end
  local state = stateOf(chunk)
  if state and index < (numberIn(saved) or 0) then return 'completed' end
  return state ~= 'completed' and state
end
`;

/**
 * `lineReader(text)`: reads lines of a text in one pass. What it gives is called with the numbers of lines, counted from 0, the
 * lowest first, and answers with the line, nil where there is none. Each line ends in a newline.
 */
export const LUA_LINE_READER = `
local function lineReader(text)
  local line, start, ended = 0, 1, false
  return function(number)
    while not ended do
      local ending = string.find(text, '\\n', start, true)
      if not ending then
        -- Without this, a long text of one line would be searched for each task again.
        ended = true
      elseif line == number then
        return string.sub(text, start, ending - 1)
      else
        line, start = line + 1, ending + 1
      end
    end
  end
end
`;

/**
 * `discardInChunk(chunk, index)`: takes a task that completed in its chunk out of it, with its result, its payload, its progress
 * and its log. The chunk itself stays for the sweeper. Needs {@link LUA_CHUNK_SIZE}.
 */
export const LUA_DISCARD_IN_CHUNK = `
local function replaceLine(text, number, by)
  local start, ending = 1, nil
  for _ = 0, number do
    start = ending and ending + 1 or 1
    ending = string.find(text, '\\n', start, true)
    if not ending then return text end
  end
  return string.sub(text, 1, start - 1) .. by .. string.sub(text, ending)
end
local function discardInChunk(chunk, index)
  local job, unique = base .. chunk, chunk .. '.' .. index
  local options, results, payloads = unpack(redis.call('HMGET', job, 'opts', 'r', 'data'))
  -- The first line is the bracket.
  local payload = index + 1 == chunkSize(options) and 'null' or 'null,'
  redis.call('HSET', job, 'x' .. index, 1, 'r', replaceLine(results or '', index, '-'),
    'data', replaceLine(payloads or '', index + 1, payload))
  redis.call('HDEL', job, 'g' .. index)
  redis.call('DEL', base .. unique .. ':logs')
  redis.call('HDEL', base .. 'cancelling', unique)
  redis.call('HINCRBY', job, 'd', -1)
  redis.call('HINCRBY', base .. 'chunks', 'completed', -1)
end
`;
