import type { TaskId, TaskRecord, TaskState } from '@goflow/shared';
import { parseTaskId, toFailure } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { fromReturnValue, fromStored, isStoredResult } from './job-codec.js';
import { queueKey } from './keys.js';
import { fromStoredRetention, fromStoredTime } from './stored-options.js';

/**
 * Reads many jobs of one queue in one call. A job without `finishedOn` is active while it holds a lock, delayed while it is
 * in the delayed set, else waiting: constant time, where a search of the lists is linear. One that finished without a result is in one
 * of three sets. KEYS: the sets delayed, cancelled, expired, then the hash of each job. ARGV: the job ids. Output: one list of fields a job, or false.
 */
const SCRIPT = `
local out = {}
for i = 4, #KEYS do
  local key = KEYS[i]
  local id = ARGV[i - 3]
  local job = redis.call('HMGET', key, 'name', 'timestamp', 'processedOn', 'finishedOn', 'returnvalue',
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
  else
    out[i - 3] = false
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
    ...['delayed', 'cancelled', 'expired'].map((set) => queueKey(prefix, queue, set)),
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

/** Most tasks have none of these. */
function timesIn(options: string | null | undefined): Partial<TaskRecord> {
  if (!options || !/"(?:sb|dl|ret)"/.test(options)) return {};
  const { sb, dl, ret } = JSON.parse(options) as Record<string, unknown>;
  return {
    startBy: fromStoredTime(sb),
    deadline: fromStoredTime(dl),
    retention: fromStoredRetention(ret),
  };
}
