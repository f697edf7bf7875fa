/** So many places of chunks are looked at in one step, 100 at a time: some milliseconds of Redis. */
const MAX_PLACES = 5_000;
const SLICE = 100;

/**
 * What a step of a walk finds: `ids`. `add(id, below)`: a job that is none but its task, and a chunk its tasks that are in the
 * state asked for, from the highest index below `below` on (nil: from the end). Gives the index above the next one that there was
 * no room for, 0 when the job is done with. `isFull()`: there is no room for more. Expects locals `room`: the most ids, and
 * `asked`: the state; needs LUA_CHUNK_SIZE.
 */
export const LUA_FOUND = `
local ids, places = {}, 0
local function isFull()
  return #ids >= room or places >= ${MAX_PLACES}
end
-- Of a chunk that has completed the tasks that completed in it: those with a result. Else those without.
local function span(size, saved)
  saved = math.min(numberIn(saved) or 0, size)
  if asked == 'completed' then return 0, saved - 1 end
  return saved, size - 1
end
local function addSlice(chunk, first, last)
  local left = {}
  for index = last, first, -1 do left[#left + 1] = 'x' .. index end
  places = places + #left
  left = redis.call('HMGET', base .. chunk, unpack(left))
  for at, hasLeft in ipairs(left) do
    local index = last - at + 1
    if not hasLeft then
      if #ids >= room then return index end
      ids[#ids + 1] = chunk .. '.' .. index
    end
  end
  return first - 1
end
local function add(id, below)
  local job = redis.pcall('HMGET', base .. id, 'opts', 'k')
  local size = not job.err and chunkSize(job[1])
  if not size then
    ids[#ids + 1] = id
    return 0
  end
  local first, index = span(size, job[2])
  if below then index = math.min(index, below - 1) end
  while index >= first do
    if isFull() then return index + 1 end
    index = addSlice(id, math.max(first, index - ${SLICE - 1}), index)
  end
  return 0
end
`;
