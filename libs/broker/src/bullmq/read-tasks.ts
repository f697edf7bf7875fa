import type { TaskId, TaskRecord, TaskState } from '@goflow/shared';
import { parseTaskId, toFailure } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { fromReturnValue, fromStored } from './job-codec.js';
import { queueKey } from './keys.js';

/**
 * Reads many jobs of one queue in one call. A job without `finishedOn` is active while it holds a lock, delayed while it is
 * in the delayed set, else waiting: constant time, where a search of the lists is linear.
 * KEYS: the delayed set, then the hash of each job. ARGV: the job ids. Output: one list of fields a job, or false.
 */
const SCRIPT = `
local out = {}
for i = 2, #KEYS do
  local key = KEYS[i]
  local job = redis.call('HMGET', key, 'name', 'timestamp', 'processedOn', 'finishedOn', 'returnvalue',
    'failedReason', 'stacktrace', 'atm')
  if job[1] then
    local state = 'waiting'
    if job[4] then
      state = 'finished'
    elseif redis.call('EXISTS', key .. ':lock') == 1 then
      state = 'active'
    elseif redis.call('ZSCORE', KEYS[1], ARGV[i - 1]) then
      state = 'delayed'
    end
    job[9] = state
    out[i - 1] = job
  else
    out[i - 1] = false
  end
end
return out`;

const COMMAND = 'goflowReadTasks';
/** A script blocks Redis while it runs, so one call reads no more jobs than this. */
const MAX_PER_CALL = 200;

type Fields = readonly (string | null)[];
type WithCommand = { [COMMAND](keyCount: number, ...args: string[]): Promise<(Fields | null)[]> };

/** Reads tasks, in the order of the ids; `undefined` for ids that are no ids or have no task. */
export async function readTasks(
  redis: Redis | Cluster,
  prefix: string,
  ids: readonly TaskId[],
): Promise<readonly (TaskRecord | undefined)[]> {
  const records: (TaskRecord | undefined)[] = ids.map(() => undefined);
  const calls = [...byQueue(ids)].flatMap(([queue, entries]) => {
    const slices: Promise<void>[] = [];
    for (let at = 0; at < entries.length; at += MAX_PER_CALL)
      slices.push(
        readSlice(redis, { prefix, queue, entries: entries.slice(at, at + MAX_PER_CALL) }, records),
      );
    return slices;
  });
  await Promise.all(calls);
  return records;
}

interface Entry {
  readonly index: number;
  readonly id: TaskId;
  readonly unique: string;
}

interface Slice {
  readonly prefix: string;
  readonly queue: string;
  readonly entries: readonly Entry[];
}

function byQueue(ids: readonly TaskId[]): Map<string, Entry[]> {
  const queues = new Map<string, Entry[]>();
  ids.forEach((id, index) => {
    const parts = parseTaskId(id);
    if (!parts) return;
    const entry = { index, id, unique: parts.unique };
    const entries = queues.get(parts.queue);
    if (entries) entries.push(entry);
    else queues.set(parts.queue, [entry]);
  });
  return queues;
}

async function readSlice(
  redis: Redis | Cluster,
  { prefix, queue, entries }: Slice,
  records: (TaskRecord | undefined)[],
): Promise<void> {
  const uniques = entries.map(({ unique }) => unique);
  const keys = [
    queueKey(prefix, queue, 'delayed'),
    ...uniques.map((unique) => queueKey(prefix, queue, unique)),
  ];
  const rows = await withCommand(redis)[COMMAND](keys.length, ...keys, ...uniques);
  entries.forEach(({ index, id }, row) => {
    const fields = rows[row];
    if (fields) records[index] = readRecord(id, fields);
  });
}

function withCommand(redis: Redis | Cluster): WithCommand {
  if (!(COMMAND in redis)) redis.defineCommand(COMMAND, { lua: SCRIPT });
  return redis as unknown as WithCommand;
}

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
  const [name, pushed, started, finished, returned, failedReason, stackTraces, attempts, state] =
    fields;
  const failed = typeof failedReason === 'string';
  const completed = typeof returned === 'string';
  return {
    id,
    type: name ?? '',
    state: state === 'finished' ? (completed ? 'completed' : 'failed') : (state as TaskState),
    attempts: Number(attempts ?? 0),
    pushedAt: Number(pushed ?? 0),
    startedAt: started ? Number(started) : undefined,
    finishedAt: finished ? Number(finished) : undefined,
    result: completed ? fromReturnValue(returned) : undefined,
    failure: failed && !completed ? fromStored(failedReason, stackTraces) : undefined,
  };
}
