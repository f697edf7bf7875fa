import { parseTaskId, type TaskDetail, type TaskId } from '@goflow/shared';
import { queueKey } from '../keys.js';
import { type StoredJob, toDetail } from './detail-of-job.js';
import { LUA_STATE } from './lua.js';
import { LUA_CHUNK_SIZE } from './lua-chunks.js';
import { readInChunk } from './read-in-chunk.js';
import { defineScript, type QueueConnection } from './script.js';

/** A script blocks Redis while it runs, so one call reads no more jobs than this … */
const MAX_PER_CALL = 200;
/** … and ends after the first job with which it has more than this, in bytes. */
const MAX_BYTES = 4 * 1024 * 1024;

type Row = readonly [
  fields: readonly string[],
  state: StoredJob['state'],
  dueScore: string | null,
  log: readonly string[],
];

/**
 * Reads whole jobs of one queue. KEYS: key base. ARGV: '1' for the logs, too, '1' for payload and result, too, the most bytes, the ids. Output: a row for each
 * job, or false where there is none, or a chunk, which is no task; fewer rows than ids when there were too many bytes. `pcall`: a
 * key of another type is no job.
 */
const readSome = defineScript<(Row | null)[]>(
  'goflowReadDetails',
  `
local base = KEYS[1]
${LUA_STATE}
${LUA_CHUNK_SIZE}
local function isChunk(fields)
  for i = 1, #fields, 2 do
    if fields[i] == 'opts' then return chunkSize(fields[i + 1]) ~= nil end
  end
end
local function withoutValues(fields)
  local kept = {}
  for i = 1, #fields, 2 do
    if fields[i] ~= 'data' and fields[i] ~= 'returnvalue' then
      kept[#kept + 1] = fields[i]
      kept[#kept + 1] = fields[i + 1]
    end
  end
  return kept
end
local out, bytes = {}, 0
for i = 4, #ARGV do
  local id = ARGV[i]
  local fields = redis.pcall('HGETALL', base .. id)
  local state = #fields > 0 and not isChunk(fields) and stateOf(id)
  if state then
    local due = state == 'delayed' and redis.call('ZSCORE', base .. 'delayed', id)
    local log = ARGV[1] == '1' and redis.pcall('LRANGE', base .. id .. ':logs', -100, -1) or {}
    if ARGV[2] ~= '1' then fields = withoutValues(fields) end
    out[#out + 1] = {fields, state, due or false, log.err and {} or log}
    for _, text in ipairs(fields) do bytes = bytes + #text end
    if bytes > tonumber(ARGV[3]) then break end
  else
    out[#out + 1] = false
  end
end
return out`,
);

/** What {@link readDetails} reads beside the task itself. */
export interface ReadDetailOptions {
  /** Its log and its history, too. */
  readonly withLogs: boolean;
  /** Its payload and result, too; those in a chunk are small, and come in any case. @default true */
  readonly withValues?: boolean;
}

/**
 * Reads all that is known of tasks, in the order of the ids; `undefined` for ids that are no ids or have no task. What cannot be
 * read of a task is left out, and never throws.
 */
export async function readDetails(
  connection: QueueConnection,
  ids: readonly TaskId[],
  { withLogs, withValues = true }: ReadDetailOptions,
): Promise<(TaskDetail | undefined)[]> {
  const details: Details = ids.map(() => undefined);
  await Promise.all(
    [...byQueue(ids)].map(async ([queue, { jobs, chunks }]) => {
      const reading = { ...connection, queue, withLogs, withValues };
      const inChunks = [...chunks].map(([chunk, entries]) =>
        readChunk({ ...reading, chunk }, entries, details),
      );
      const [, ...others] = await Promise.all([readJobs(reading, jobs, details), ...inChunks]);
      // After the chunks: a task leaves its chunk, and never comes back.
      await readJobs(reading, others.flat(), details);
    }),
  );
  return details;
}

type Details = (TaskDetail | undefined)[];

interface Reading extends QueueConnection, ReadDetailOptions {
  readonly queue: string;
}

interface Entry {
  /** Among the ids that were asked for. */
  readonly place: number;
  readonly id: TaskId;
  readonly unique: string;
  /** In its chunk, if it has one. */
  readonly index: number;
}

/** Gives the tasks that are not in the chunk. */
async function readChunk(
  reading: Reading & { readonly chunk: string },
  entries: readonly Entry[],
  details: Details,
): Promise<Entry[]> {
  const found = await readInChunk(reading, entries);
  return entries.filter(({ place }, at) => {
    details[place] = found[at];
    return found[at] === undefined;
  });
}

async function readJobs(
  { redis, prefix, queue, withLogs, withValues }: Reading,
  entries: readonly Entry[],
  details: Details,
): Promise<void> {
  for (let read = 0; read < entries.length; ) {
    const slice = entries.slice(read, read + MAX_PER_CALL);
    const uniques = slice.map(({ unique }) => unique);
    const wanted = [withLogs ? 1 : 0, withValues ? 1 : 0, MAX_BYTES, ...uniques];
    const rows = await readSome(redis, [queueKey(prefix, queue, '')], wanted);
    rows.forEach((row, at) => {
      const { id, place } = slice[at] as Entry;
      if (row) details[place] = toDetail({ id, queue, ...toJob(row) }, withLogs);
    });
    read += rows.length;
  }
}

interface Asked {
  readonly jobs: Entry[];
  readonly chunks: Map<string, Entry[]>;
}

function byQueue(ids: readonly TaskId[]): Map<string, Asked> {
  const queues = new Map<string, Asked>();
  ids.forEach((id, place) => {
    const parts = parseTaskId(id);
    if (!parts) return;
    const { queue, unique, chunk } = parts;
    const asked = queues.get(queue) ?? { jobs: [], chunks: new Map<string, Entry[]>() };
    queues.set(queue, asked);
    const entry = { place, id, unique, index: chunk?.index ?? 0 };
    if (!chunk) {
      asked.jobs.push(entry);
      return;
    }
    const entries = asked.chunks.get(chunk.unique) ?? [];
    asked.chunks.set(chunk.unique, entries);
    entries.push(entry);
  });
  return queues;
}

function toJob([names, state, dueScore, log]: Row): Omit<StoredJob, 'id' | 'queue'> {
  const fields = new Map<string, string>();
  for (let at = 0; at + 1 < names.length; at += 2)
    fields.set(names[at] as string, names[at + 1] as string);
  return { fields, state, dueScore, log };
}
