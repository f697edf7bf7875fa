import type { TaskDetail, TaskId } from '@goflow/shared';
import { fromResultLine } from '../chunks/result-line.js';
import { queueKey } from '../keys.js';
import { type StoredJob, toDetail } from './detail-of-job.js';
import { LUA_STATE } from './lua.js';
import { LUA_CHUNK_SIZE, LUA_LINE_READER } from './lua-chunks.js';
import { defineScript, type QueueConnection } from './script.js';

/** What is the same for all tasks of a chunk. */
const COMMON = [
  'name',
  'opts',
  'timestamp',
  'priority',
  'ats',
  'stc',
  'pb',
  'processedOn',
  't0',
  'failedReason',
  'stacktrace',
  'finishedOn',
] as const;

/** `line`: of the result; `null` for a task that is not settled yet. The first `null`: the task is not in the chunk. */
type Row =
  | null
  | readonly [
      line: string | null,
      payload: string | null,
      progress: string | null,
      log: readonly string[],
    ];
type Answer = readonly [
  common: readonly (string | null)[],
  state: StoredJob['state'],
  dueScore: string | null,
  rows: readonly Row[],
];

/**
 * Reads tasks in their chunk, in one pass over its payloads and its results. KEYS: key base. ARGV: chunk, '1' for the logs, too,
 * the most bytes, then indexes, the lowest first. Output: fields, state and due score of the chunk, then a row for each task,
 * fewer when there were too many bytes; false where there is no chunk.
 */
const readTasks = defineScript<Answer | null>(
  'goflowDetailsInChunk',
  `
local base, chunk, withLogs, most = KEYS[1], ARGV[1], ARGV[2] == '1', tonumber(ARGV[3])
${LUA_STATE}
${LUA_CHUNK_SIZE}
${LUA_LINE_READER}
local job = base .. chunk
local common = redis.pcall('HMGET', job, '${COMMON.join("', '")}')
local size = not common.err and chunkSize(common[2])
local state = size and stateOf(chunk)
if not state then return false end
local saved, payloads, results, isLogged = unpack(redis.call('HMGET', job, 'k', 'data', 'r', 'lg'))
saved = numberIn(saved) or 0
local payloadAt, resultAt = lineReader(payloads or ''), lineReader(results or '')

local function read(index)
  local left, progress = unpack(redis.call('HMGET', job, 'x' .. index, 'g' .. index))
  if left or index >= size then return false end
  local line = index < saved and resultAt(index)
  -- Of a chunk that has completed, there are no tasks without a result.
  if line == '-' or not line and (index < saved or state == 'completed') then return false end
  -- The first line is the bracket.
  local payload = string.gsub(payloadAt(index + 1) or '', ',$', '')
  local log = withLogs and isLogged and redis.pcall('LRANGE', job .. '.' .. index .. ':logs', -100, -1) or {}
  return {line, payload, progress, log.err and {} or log}
end

local rows, bytes = {}, 0
for i = 4, #ARGV do
  if bytes > most then break end
  local row = read(tonumber(ARGV[i]))
  rows[#rows + 1] = row
  if row then bytes = bytes + #(row[1] or '') + #row[2] + #(row[3] or '') end
end
return {common, state, state == 'delayed' and redis.call('ZSCORE', base .. 'delayed', chunk), rows}`,
);

/** A script blocks Redis while it runs, so one call reads no more tasks than this … */
const MAX_PER_CALL = 200;
/** … and ends after the first task with which it has more than this, in bytes. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Where tasks are read, and how. */
export interface ReadingChunk extends QueueConnection {
  readonly queue: string;
  readonly chunk: string;
  readonly withLogs: boolean;
}

/** A task that is looked for in its chunk. */
export interface PlaceInChunk {
  readonly id: TaskId;
  readonly index: number;
}

/**
 * Reads all that is known of tasks that are in one chunk, in the order that they are given in; `undefined` for what is not in it:
 * then it may be a job of its own. A task that completed in its chunk was tried once. `starts`, `stalls` and the worker are those
 * of the chunk, and so is, while it runs, the start: its tasks run one after another, and all are told as active.
 */
export async function readInChunk(
  reading: ReadingChunk,
  tasks: readonly PlaceInChunk[],
): Promise<(TaskDetail | undefined)[]> {
  const { redis, prefix, queue, chunk, withLogs } = reading;
  const details: (TaskDetail | undefined)[] = tasks.map(() => undefined);
  const places = tasks.map((task, place) => ({ ...task, place }));
  places.sort((one, other) => one.index - other.index);
  for (let read = 0; read < places.length; ) {
    const slice = places.slice(read, read + MAX_PER_CALL);
    const args = [chunk, withLogs ? 1 : 0, MAX_BYTES, ...slice.map(({ index }) => index)];
    const answer = await readTasks(redis, [queueKey(prefix, queue, '')], args);
    if (!answer) return details;
    const rows = answer[3];
    rows.forEach((row, at) => {
      const { id, place } = slice[at] as (typeof slice)[number];
      if (row) details[place] = toDetailInChunk({ id, queue, withLogs }, answer, row);
    });
    read += rows.length;
  }
  return details;
}

type Reading = Pick<StoredJob, 'id' | 'queue'> & { readonly withLogs: boolean };

/** A task as if it were a job of its own. */
function toDetailInChunk(
  { id, queue, withLogs }: Reading,
  [common, state, dueScore]: Answer,
  [line, payload, progress, log]: NonNullable<Row>,
): TaskDetail {
  const fields = new Map<string, string>();
  COMMON.forEach((name, at) => {
    const value = common[at];
    if (value) fields.set(name, value);
  });
  if (payload) fields.set('data', payload);
  if (progress !== null) fields.set('progress', progress);
  const job = { id, queue, fields, log };
  if (line !== null) {
    const { startedAt, finishedAt, ...end } = fromResultLine(line, Number(fields.get('t0')));
    toldBy(fields, startedAt, finishedAt);
    return { ...toDetail({ ...job, state: end.state, dueScore: null }, withLogs), ...end };
  }
  // Its worker gave it back, and may not have begun with this one.
  if (state === 'waiting' || state === 'delayed') fields.delete('processedOn');
  return toDetail({ ...job, state, dueScore }, withLogs);
}

/** What the line of its result says of a task, in the fields that a job has for it. */
function toldBy(fields: Map<string, string>, startedAt: number, finishedAt: number): void {
  // The chunk was taken again since, maybe by another worker.
  if (startedAt < Number(fields.get('processedOn') ?? 0) && fields.get('ats') !== '1')
    fields.delete('pb');
  fields.set('processedOn', String(startedAt));
  fields.set('finishedOn', String(finishedAt));
  fields.set('atm', '1');
}
