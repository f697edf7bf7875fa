import type { TaskAttempt, TaskFailure } from '@goflow/shared';
import { MAX_HISTORY } from '../job-codec.js';
import { fromStoredTime } from '../stored-options.js';
import type { StoredJob } from './detail-of-job.js';

/** The attempts of a task, the first first: those that were written down when they ended, and the last, which its job tells of. */
export function historyOf(job: StoredJob, failure: TaskFailure | undefined): TaskAttempt[] {
  const ended: TaskAttempt[] = [];
  for (const [name, value] of job.fields) {
    const attempt = /^h\d+$/.test(name) ? fromHistoryField(value) : undefined;
    if (attempt) ended.push(attempt);
  }
  ended.sort((one, other) => one.attempt - other.attempt);
  const last = lastOf(job, failure);
  // Cancelled while it waited for another attempt: the last one is written down already.
  const isNew = last !== undefined && last.attempt > (ended.at(-1)?.attempt ?? 0);
  return isNew ? [...ended, last].slice(-MAX_HISTORY) : ended;
}

/** The attempt that runs, or the one with which the task ended. A task expires without being run. */
function lastOf(
  { fields, state }: StoredJob,
  failure: TaskFailure | undefined,
): TaskAttempt | undefined {
  const startedAt = toDate(fields.get('processedOn'));
  if (!startedAt || state === 'waiting' || state === 'delayed' || state === 'expired')
    return undefined;
  const attempts = Number(fields.get('atm') ?? 0);
  const worker = fields.get('pb');
  if (state === 'active') return { attempt: attempts + 1, startedAt, worker, outcome: 'active' };
  const { name = '', message = '', code = '' } = failure ?? {};
  const why = failure ? { failure: { name, message, code } } : {};
  const endedAt = toDate(fields.get('finishedOn'));
  return { attempt: attempts, startedAt, endedAt, worker, outcome: state, ...why };
}

/** One field of those that `toHistoryField` writes; `undefined` for anything else. */
function fromHistoryField(stored: string): TaskAttempt | undefined {
  try {
    const [attempt, startedAt, endedAt, worker, name, code, message] = JSON.parse(
      stored,
    ) as unknown[];
    const from = toDate(startedAt);
    if (!Number.isInteger(attempt) || !from) return undefined;
    return {
      attempt: attempt as number,
      startedAt: from,
      endedAt: toDate(endedAt),
      worker: typeof worker === 'string' && worker !== '' ? worker : undefined,
      outcome: 'retry',
      failure: { name: String(name), message: String(message), code: String(code) },
    };
  } catch {
    return undefined;
  }
}

function toDate(stored: unknown): Date | undefined {
  const time = fromStoredTime(Number(stored));
  return time === undefined || time > MAX_TIME ? undefined : new Date(time);
}

/** The last millisecond that a `Date` can hold. */
const MAX_TIME = 8.64e15;
