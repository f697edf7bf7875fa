import type { TaskId, TaskRecord, TaskState } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { LUA_CHUNK_SIZE } from '../inspector/lua-chunks.js';
import { defineScript } from '../inspector/script.js';
import { fromStored } from '../job-codec.js';
import { queueKey } from '../keys.js';
import { timesIn } from '../stored-options.js';
import { fromResultLine } from './result-line.js';

/** A task to be read in its chunk. */
export interface ChunkTask {
  readonly id: TaskId;
  readonly index: number;
}

/** What is known of it: its record, or that it has left. `undefined`: the chunk is gone. */
export type FoundInChunk = TaskRecord | 'left' | undefined;

type Row = readonly [
  name: string,
  pushed: string,
  options: string,
  state: TaskState,
  since: string | null,
  end: Ended | null,
  ...tasks: (string | null)[],
];

/** How a chunk ended that failed as a whole: another program took it for one job, or nobody could read it. */
type Ended = readonly [finished: string, reason: string | null, stacks: string | null];

/**
 * Reads tasks of one chunk, in one pass over its results. KEYS: key base. ARGV: chunk, then indexes, the lowest first. Output: false, or name,
 * time of the push, options, state, what the times count from, how it failed or false, and of each task its line, 'x' when it has left, ''
 * when it is not settled, false when there is none.
 */
const read = defineScript<Row | null>(
  'goflowReadChunk',
  `
local base, chunk = KEYS[1], ARGV[1]
local job = base .. chunk
${LUA_CHUNK_SIZE}
local name, pushed, options, saved, lines, since, finished, returned = unpack(redis.call('HMGET', job, 'name', 'timestamp',
  'opts', 'k', 'r', 't0', 'finishedOn', 'returnvalue'))
if not name then return false end
local size = chunkSize(options) or 0
local state, failed = 'waiting', false
if finished then
  state = returned and 'completed' or 'failed'
  failed = not returned and {finished, unpack(redis.call('HMGET', job, 'failedReason', 'stacktrace'))}
elseif redis.call('EXISTS', job .. ':lock') == 1 then state = 'active'
elseif redis.call('ZSCORE', base .. 'delayed', chunk) then state = 'delayed' end
local left = {}
for i = 2, #ARGV do left[i - 1] = 'x' .. ARGV[i] end
left = redis.call('HMGET', job, unpack(left))
local out = {name, pushed, options, state, since or false, failed}
saved, lines = tonumber(saved or 0), lines or ''
local line, start = 0, 1
for i = 2, #ARGV do
  local index = tonumber(ARGV[i])
  -- Of a chunk that has completed, there are no tasks without a result.
  local found = state ~= 'completed' and ''
  if left[i - 1] then
    found = 'x'
  elseif index >= size then
    found = false
  elseif index < saved then
    while line < index and start do
      local ending = string.find(lines, '\\n', start, true)
      start = ending and ending + 1
      line = line + 1
    end
    if not start then break end
    found = string.sub(lines, start, (string.find(lines, '\\n', start, true) or 0) - 1)
  end
  out[#out + 1] = found
end
return out`,
);

/** Reads tasks of one chunk, in the order that they are given in. */
export async function readChunk(
  connection: { readonly redis: Redis | Cluster; readonly prefix: string; readonly queue: string },
  chunk: string,
  tasks: readonly ChunkTask[],
): Promise<FoundInChunk[]> {
  const { redis, prefix, queue } = connection;
  const places = tasks.map((task, place) => ({ ...task, place }));
  places.sort((one, other) => one.index - other.index);
  const indexes = places.map(({ index }) => index);
  const row = await read(redis, [queueKey(prefix, queue, '')], [chunk, ...indexes]);
  const found: FoundInChunk[] = tasks.map(() => undefined);
  if (!row) return found;
  const [name, pushed, options, state, since, end, ...lines] = row;
  places.forEach(({ id, place }, at) => {
    const line = lines[at] ?? undefined;
    if (line === undefined) return;
    const common = { id, type: name, pushedAt: Number(pushed), ...timesIn(options) };
    if (line === 'x' || line === '-') found[place] = 'left';
    else if (line === '')
      found[place] = { ...common, state, attempts: 0, ...(end && failureOf(end)) };
    else found[place] = { ...common, ...fromResultLine(line, Number(since)) };
  });
  return found;
}

const failureOf = ([finished, reason, stacks]: Ended) => ({
  finishedAt: Number(finished),
  failure: fromStored(reason ?? '', stacks),
});
