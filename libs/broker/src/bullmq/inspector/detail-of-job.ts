import {
  decodeLogLine,
  GoflowError,
  type TaskDetail,
  type TaskFailure,
  type TaskId,
  type TaskState,
  toFailure,
} from '@goflow/shared';
import { fromReturnValue, fromStored, isStoredResult } from '../job-codec.js';
import {
  deduplicationKeyOf,
  fromStoredBackoff,
  fromStoredRetention,
  fromStoredTags,
  fromStoredTime,
} from '../stored-options.js';
import { historyOf } from './history.js';

/** A job as it was read. */
export interface StoredJob {
  readonly id: TaskId;
  readonly queue: string;
  /** Of its hash. */
  readonly fields: ReadonlyMap<string, string>;
  readonly state: TaskState;
  /** Its score in the set of delayed ones. */
  readonly dueScore: string | null;
  readonly log: readonly string[];
}

/** BullMQ counts up to 4,096 tasks into each millisecond of the set of delayed ones. */
const PER_MS = 0x1000;

/** A job as a task. It never throws: what cannot be read is left out. */
export function toDetail(job: StoredJob, withHistory: boolean): TaskDetail {
  const { id, queue, fields, state } = job;
  const type = fields.get('name') ?? '';
  const ended = endOf(job);
  return {
    id,
    queue,
    type,
    state,
    ...ended,
    attempts: countIn(fields, 'atm'),
    pushedAt: countIn(fields, 'timestamp'),
    startedAt: fromStoredTime(Number(fields.get('processedOn'))),
    finishedAt: fromStoredTime(Number(fields.get('finishedOn'))),
    payload: parsed(fields.get('data')),
    priority: countIn(fields, 'priority'),
    starts: countIn(fields, 'ats'),
    stalls: countIn(fields, 'stc'),
    progress: parsed(fields.get('progress')),
    dueAt: job.dueScore === null ? undefined : Math.floor(Number(job.dueScore) / PER_MS),
    deduplicationKey: keyIn(fields.get('deid'), type),
    ...fromOptions(fields.get('opts')),
    log: withHistory ? logOf(job.log) : [],
    history: withHistory ? historyOf(job, ended.failure) : [],
  };
}

type End = Pick<TaskDetail, 'result' | 'isStored' | 'failure'>;

function endOf({ fields, state }: StoredJob): End {
  if (state !== 'completed') {
    const reason = fields.get('failedReason');
    return { failure: reason ? fromStored(reason, fields.get('stacktrace')) : undefined };
  }
  const returned = fields.get('returnvalue');
  if (isStoredResult(returned)) return { isStored: true };
  try {
    return { result: fromReturnValue(returned) };
  } catch (error) {
    return { failure: unreadable(error) };
  }
}

function unreadable(error: unknown): TaskFailure {
  return error instanceof GoflowError
    ? toFailure(error)
    : { name: 'Error', message: String(error), code: 'ENVELOPE_UNREADABLE' };
}

/** What the push said. */
function fromOptions(stored: string | undefined) {
  const given = parsed(stored);
  const options = (typeof given === 'object' && given !== null ? given : {}) as Stored;
  const { attempts } = options;
  return {
    tags: fromStoredTags(options.tags),
    maxAttempts: Number.isInteger(attempts) && Number(attempts) > 0 ? Number(attempts) : undefined,
    backoff: fromStoredBackoff(options.backoff),
    timeoutMs: fromStoredTime(options.to),
    startBy: fromStoredTime(options.sb),
    deadline: fromStoredTime(options.dl),
    retention: fromStoredRetention(options.ret),
    traceparent: typeof options.tp === 'string' ? options.tp : undefined,
    envelopeVersion: fromStoredTime(options.v),
  };
}

type Stored = Readonly<Record<string, unknown>>;

function keyIn(deduplication: string | undefined, type: string): string | undefined {
  return deduplication?.startsWith(`${type}:`)
    ? deduplicationKeyOf(deduplication, type)
    : deduplication;
}

/** Lines that another program wrote are left out. */
function logOf(lines: readonly string[]): TaskDetail['log'] {
  return lines
    .map(decodeLogLine)
    .filter((line) => line !== undefined)
    .filter(({ at, message }) => !Number.isNaN(at.getTime()) && typeof message === 'string');
}

function countIn(fields: StoredJob['fields'], name: string): number {
  const count = Number(fields.get(name) ?? 0);
  return Number.isFinite(count) ? count : 0;
}

function parsed(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}
