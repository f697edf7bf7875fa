import {
  GoflowError,
  type TaskEnvelope,
  type TaskFailure,
  type TaskOutcome,
  toFailure,
} from '@goflow/shared';
import type { JobJson } from 'bullmq';
import { toStoredOptions } from './stored-options.js';

/**
 * BullMQ's own record of a job, made without its `Job` class: the payload, its data, is already encoded, and the type is its name.
 */
export function toJob(envelope: TaskEnvelope, unique: string, nonce?: string): JobJson {
  const opts = toStoredOptions(envelope, nonce);
  return {
    id: unique,
    name: envelope.type,
    data: envelope.payloadJson,
    opts,
    ...(opts.de === undefined ? {} : { deduplicationId: opts.de.id }),
    timestamp: envelope.pushedAt,
    progress: 0,
    attemptsMade: 0,
    attemptsStarted: 0,
    stalledCounter: 0,
    failedReason: '',
    returnvalue: '',
  };
}

/** The field of a job that says from when on it could be taken last, in milliseconds since 1970: after a backoff, a hand-back for later, a redrive. */
export const DUE_FIELD = 'due';

/** JSON allows white space around a value: `null` with a space is how a result of `undefined` is told from `null`. */
const UNDEFINED_RESULT = 'null ';
/** With two spaces: the result lies in the result store. */
const STORED_RESULT = 'null  ';

/** What is stored as a job's `returnvalue`. */
export const toReturnValue = ({ resultJson, isStored }: Completed): string =>
  isStored ? STORED_RESULT : (resultJson ?? UNDEFINED_RESULT);

/** True for a `returnvalue` whose result lies in the result store. */
export const isStoredResult = (stored: unknown): boolean => stored === STORED_RESULT;

/** The result in a `returnvalue`; throws ENVELOPE_UNREADABLE when it is no JSON. */
export function fromReturnValue(stored: string | null | undefined): unknown {
  if (stored === null || stored === undefined) return undefined;
  if (stored === UNDEFINED_RESULT || stored === STORED_RESULT) return undefined;
  try {
    return JSON.parse(stored);
  } catch (cause) {
    throw new GoflowError('ENVELOPE_UNREADABLE', 'the stored result is no JSON', { cause });
  }
}

type Completed = Extract<TaskOutcome, { readonly kind: 'completed' }>;

const MARK = '\n    goflow: ';

/**
 * BullMQ keeps of an error its message and its stack, as text. The whole failure goes into the last line of that stack:
 * other programs show a readable message and stack, and goflow gets name, code, details and cause back.
 */
export function toStackText(failure: TaskFailure): string {
  const { stack, ...rest } = failure;
  return `${stack ?? `${failure.name}: ${failure.message}`}${MARK}${JSON.stringify(rest)}`;
}

/** The failure of a job's last attempt, from what BullMQ stored of it. */
export function fromStored(
  failedReason: string,
  stackTraces: string | null | undefined,
): TaskFailure {
  const last = lastOf(stackTraces);
  const at = last?.lastIndexOf(MARK) ?? -1;
  if (last !== undefined && at !== -1) {
    const failure = parseFailure(last.slice(at + MARK.length));
    // A job that stalled keeps the stack of an earlier attempt, with another message.
    if (failure && failedReason.startsWith(failure.message))
      return { ...failure, stack: last.slice(0, at) };
  }
  const stalled = failedReason.includes('stalled more than allowable limit');
  return {
    name: 'Error',
    message: failedReason,
    code: stalled ? 'TASK_STALLED' : 'HANDLER_FAILED',
  };
}

/** The failure that BullMQ itself gave to a job, such as one that stalled too often. */
export function engineFailure(error: unknown): TaskFailure {
  const failure = toFailure(error);
  return { ...failure, code: fromStored(failure.message, null).code };
}

function lastOf(stackTraces: string | null | undefined): string | undefined {
  try {
    const traces: unknown = JSON.parse(stackTraces ?? '[]');
    const last: unknown = Array.isArray(traces) ? traces.at(-1) : undefined;
    return typeof last === 'string' ? last : undefined;
  } catch {
    return undefined;
  }
}

function parseFailure(text: string): TaskFailure | undefined {
  try {
    return JSON.parse(text) as TaskFailure;
  } catch {
    return undefined;
  }
}

/** How many ended attempts of a task are kept: the field of an older one is used again. */
export const MAX_HISTORY = 50;

/** An attempt that ended and was not the last, as a field of its job. */
export function toHistoryField(ended: EndedAttempt): Record<string, string> {
  const { attempt, startedAt, endedAt, worker, failure } = ended;
  const { name, code } = failure;
  const message = failure.message.slice(0, MAX_HISTORY_MESSAGE);
  const entry = [attempt, startedAt, endedAt, worker, name, code, message];
  return { [`h${attempt % MAX_HISTORY}`]: JSON.stringify(entry) };
}

const MAX_HISTORY_MESSAGE = 500;

/** See {@link toHistoryField}. Times are milliseconds since 1970. */
export interface EndedAttempt {
  readonly attempt: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly worker: string;
  readonly failure: TaskFailure;
}
