import type { TaskId, TaskRecord, TaskState } from '@goflow/shared';
import { parseTaskId, toFailure } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { readChunk } from './chunks/read-chunks.js';
import { fromReturnValue, fromStored, isStoredResult } from './job-codec.js';
import { queueKey } from './keys.js';
import { timesIn } from './stored-options.js';

/** A script blocks Redis while it runs, so one call reads no more jobs than this … */
const MAX_PER_CALL = 200;
/** … and ends after the first job with which it has results of more than this, in bytes. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads many jobs of one queue in one call. A job without `finishedOn` is active while it holds a lock, delayed while it is
 * in the delayed set, else waiting: constant time, where a search of the lists is linear. One that finished without a result is in one
 * of three sets. KEYS: the sets delayed, cancelled, expired, then the hash of each job. ARGV: the job ids. Output: one list of fields a job, or false;
 * fewer than ids when there were too many bytes.
 */
const SCRIPT = `
local out, bytes = {}, 0
for i = 4, #KEYS do
  local key = KEYS[i]
  local id = ARGV[i - 3]
  -- A key of another type is no task: the others are read all the same.
  local job = redis.pcall('HMGET', key, 'name', 'timestamp', 'processedOn', 'finishedOn', 'returnvalue',
    'failedReason', 'stacktrace', 'atm', 'opts')
  if job[1] then
    local state = 'waiting'
    if job[4] then
      if job[5] then state = 'completed'
      elseif redis.call('ZSCORE', KEYS[2], id) then state = 'cancelled'
      elseif redis.call('ZSCORE', KEYS[3], id) then state = 'expired'
      else state = 'failed' end
    elseif redis.call('EXISTS', key .. ':lock') == 1 then
      state = 'active'
    elseif redis.call('ZSCORE', KEYS[1], id) then
      state = 'delayed'
    end
    job[10] = state
    out[i - 3] = job
    bytes = bytes + #(job[5] or '')
    if bytes > ${MAX_BYTES} then break end
  else
    out[i - 3] = false
  end
end
return out`;

const COMMAND = 'goflowReadTasks';

type Fields = readonly (string | null)[];
type WithCommand = { [COMMAND](keyCount: number, ...args: string[]): Promise<(Fields | null)[]> };

type Records = (TaskRecord | undefined)[];

/** Reads tasks, in the order of the ids; `undefined` for ids that are no ids or have no task. */
export async function readTasks(
  redis: Redis | Cluster,
  prefix: string,
  ids: readonly TaskId[],
): Promise<readonly (TaskRecord | undefined)[]> {
  const records: Records = ids.map(() => undefined);
  const jobs = new Map<string, Entry[]>();
  const chunks = new Map<string, { readonly slice: Slice; readonly chunk: string }>();
  ids.forEach((id, place) => {
    const parts = parseTaskId(id);
    if (!parts) return;
    const { queue, unique, chunk } = parts;
    const entry = { place, id, unique, index: chunk?.index ?? 0 };
    if (!chunk) push(jobs, queue, entry);
    else {
      // The same chunk in another queue is another chunk.
      const key = `${queue}:${chunk.unique}`;
      const known = chunks.get(key);
      if (known) known.slice.entries.push(entry);
      else
        chunks.set(key, { chunk: chunk.unique, slice: { redis, prefix, queue, entries: [entry] } });
    }
  });
  await Promise.all([
    ...[...jobs].map(([queue, entries]) => readJobs({ redis, prefix, queue, entries }, records)),
    ...[...chunks.values()].map(({ slice, chunk }) => readInChunk(slice, chunk, records)),
  ]);
  return records;
}

/** Most tasks of a chunk are in it; the others are read as the jobs that they have become. */
async function readInChunk(slice: Slice, chunk: string, records: Records): Promise<void> {
  const elsewhere: Entry[] = [];
  for (let at = 0; at < slice.entries.length; at += MAX_PER_CALL) {
    const entries = slice.entries.slice(at, at + MAX_PER_CALL);
    const found = await readChunk(slice, chunk, entries);
    found.forEach((record, place) => {
      const entry = entries[place] as Entry;
      if (record === undefined || record === 'left') elsewhere.push(entry);
      else records[entry.place] = record;
    });
  }
  if (elsewhere.length > 0) await readJobs({ ...slice, entries: elsewhere }, records);
}

async function readJobs(slice: Slice, records: Records): Promise<void> {
  const calls: Promise<void>[] = [];
  for (let at = 0; at < slice.entries.length; at += MAX_PER_CALL) {
    const entries = slice.entries.slice(at, at + MAX_PER_CALL);
    calls.push(readSlice({ ...slice, entries }, records));
  }
  await Promise.all(calls);
}

interface Entry {
  /** Among the ids that were asked for. */
  readonly place: number;
  readonly id: TaskId;
  /** In its chunk, if it has one. */
  readonly index: number;
  readonly unique: string;
}

interface Slice {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  readonly queue: string;
  readonly entries: Entry[];
}

function push(groups: Map<string, Entry[]>, name: string, entry: Entry): void {
  const entries = groups.get(name);
  if (entries) entries.push(entry);
  else groups.set(name, [entry]);
}

async function readSlice(
  { redis, prefix, queue, entries }: Slice,
  records: Records,
): Promise<void> {
  const uniques = entries.map(({ unique }) => unique);
  const keys = [
    ...['delayed', 'cancelled', 'expired'].map((set) => queueKey(prefix, queue, set)),
    ...uniques.map((unique) => queueKey(prefix, queue, unique)),
  ];
  const rows = await withCommand(redis)[COMMAND](keys.length, ...keys, ...uniques);
  rows.forEach((fields, row) => {
    const { place, id } = entries[row] as Entry;
    if (fields && !isChunk(fields)) records[place] = readRecord(id, fields);
  });
  const rest = entries.slice(rows.length);
  if (rest.length > 0) await readSlice({ redis, prefix, queue, entries: rest }, records);
}

function withCommand(redis: Redis | Cluster): WithCommand {
  if (!(COMMAND in redis)) redis.defineCommand(COMMAND, { lua: SCRIPT });
  return redis as unknown as WithCommand;
}

/** A chunk is no task: only what is in it. */
const isChunk = (fields: Fields): boolean => /[{,]"c":\d/.test(fields[OPTIONS] ?? '');

/** Where the options are among the fields. */
const OPTIONS = 8;

/** One task that cannot be read must not keep the others from being answered. */
function readRecord(id: TaskId, fields: Fields): TaskRecord {
  try {
    return toRecord(id, fields);
  } catch (error) {
    const unreadable = fields.map((field, at) => (at === 4 ? null : field));
    return { ...toRecord(id, unreadable), failure: toFailure(error, 'ENVELOPE_UNREADABLE') };
  }
}

function toRecord(id: TaskId, fields: Fields): TaskRecord {
  const [name, pushed, started, finished, returned] = fields;
  const [failedReason, stackTraces, attempts, options, state] = fields.slice(5);
  const isCompleted = state === 'completed';
  const failed = typeof failedReason === 'string' && !isCompleted;
  return {
    id,
    type: name ?? '',
    state: state as TaskState,
    attempts: Number(attempts ?? 0),
    pushedAt: Number(pushed ?? 0),
    startedAt: started ? Number(started) : undefined,
    finishedAt: finished ? Number(finished) : undefined,
    result: isCompleted ? fromReturnValue(returned) : undefined,
    isStored: isStoredResult(returned) ? true : undefined,
    failure: failed ? fromStored(failedReason, stackTraces) : undefined,
    ...timesIn(options),
  };
}
