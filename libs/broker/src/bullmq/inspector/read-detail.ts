import { parseTaskId, type TaskDetail, type TaskId } from '@goflow/shared';
import { queueKey } from '../keys.js';
import { type StoredJob, toDetail } from './detail-of-job.js';
import { LUA_STATE } from './lua.js';
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
 * Reads whole jobs of one queue. KEYS: key base. ARGV: '1' for the logs, too, the most bytes, the ids. Output: a row for each
 * job, or false where there is none; fewer rows than ids when there were too many bytes. `pcall`: a key of another type is no
 * job.
 */
const readJobs = defineScript<(Row | null)[]>(
  'goflowReadDetails',
  `
local base = KEYS[1]
${LUA_STATE}
local out, bytes = {}, 0
for i = 3, #ARGV do
  local id = ARGV[i]
  local fields = redis.pcall('HGETALL', base .. id)
  local state = #fields > 0 and stateOf(id)
  if state then
    local due = state == 'delayed' and redis.call('ZSCORE', base .. 'delayed', id)
    local log = ARGV[1] == '1' and redis.pcall('LRANGE', base .. id .. ':logs', -100, -1) or {}
    out[#out + 1] = {fields, state, due or false, log.err and {} or log}
    for _, text in ipairs(fields) do bytes = bytes + #text end
    if bytes > tonumber(ARGV[2]) then break end
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
}

/**
 * Reads all that is known of tasks, in the order of the ids; `undefined` for ids that are no ids or have no task. What cannot be
 * read of a task is left out, and never throws.
 */
export async function readDetails(
  { redis, prefix }: QueueConnection,
  ids: readonly TaskId[],
  { withLogs }: ReadDetailOptions,
): Promise<(TaskDetail | undefined)[]> {
  const details: (TaskDetail | undefined)[] = ids.map(() => undefined);
  const reads = [...byQueue(ids)].map(async ([queue, entries]) => {
    for (let read = 0; read < entries.length; ) {
      const slice = entries.slice(read, read + MAX_PER_CALL);
      const uniques = slice.map(({ unique }) => unique);
      const wanted = [withLogs ? 1 : 0, MAX_BYTES, ...uniques];
      const rows = await readJobs(redis, [queueKey(prefix, queue, '')], wanted);
      rows.forEach((row, place) => {
        const { id, index } = slice[place] as Entry;
        if (row) details[index] = toDetail({ id, queue, ...toJob(row) }, withLogs);
      });
      read += rows.length;
    }
  });
  await Promise.all(reads);
  return details;
}

interface Entry {
  readonly index: number;
  readonly id: TaskId;
  readonly unique: string;
}

function byQueue(ids: readonly TaskId[]): Map<string, Entry[]> {
  const queues = new Map<string, Entry[]>();
  ids.forEach((id, index) => {
    const parts = parseTaskId(id);
    if (!parts) return;
    const entries = queues.get(parts.queue) ?? [];
    queues.set(parts.queue, entries);
    entries.push({ index, id, unique: parts.unique });
  });
  return queues;
}

function toJob([names, state, dueScore, log]: Row): Omit<StoredJob, 'id' | 'queue'> {
  const fields = new Map<string, string>();
  for (let at = 0; at + 1 < names.length; at += 2)
    fields.set(names[at] as string, names[at + 1] as string);
  return { fields, state, dueScore, log };
}
