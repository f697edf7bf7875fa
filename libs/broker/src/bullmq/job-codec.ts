import {
  GoflowError,
  type ResolvedBackoffOptions,
  type TaskEnvelope,
  type TaskFailure,
  toFailure,
} from '@goflow/shared';
import type { JobJson, JobsOptions } from 'bullmq';

/**
 * What goflow stores with a BullMQ job: nothing but what BullMQ itself stores, so that other programs can read it, and
 * only what the push said, so that it is small. The payload is the job's data, the type its name.
 */
export interface StoredOptions extends JobsOptions {
  /** The address that the outcome is announced to. One letter, because it is stored with each task. */
  readonly r?: string;
}

/** BullMQ's own record of a job, made without its `Job` class: the payload is already encoded. */
export function toJob(envelope: TaskEnvelope, unique: string): JobJson {
  return {
    id: unique,
    name: envelope.type,
    data: envelope.payloadJson,
    opts: toStoredOptions(envelope),
    timestamp: envelope.pushedAt,
    progress: 0,
    attemptsMade: 0,
    attemptsStarted: 0,
    stalledCounter: 0,
    failedReason: '',
    returnvalue: '',
  };
}

function toStoredOptions(envelope: TaskEnvelope): StoredOptions {
  const options: Record<string, unknown> = {};
  if (envelope.delayMs) options.delay = envelope.delayMs;
  if (envelope.priority) options.priority = envelope.priority;
  if (envelope.maxAttempts) options.attempts = envelope.maxAttempts;
  if (envelope.backoff) options.backoff = toStoredBackoff(envelope.backoff);
  if (envelope.replyTo) options.r = envelope.replyTo;
  return options;
}

/** BullMQ's fields, so that a raw BullMQ worker backs off alike; `maxDelay` is goflow's own. */
function toStoredBackoff({ type, delayMs, jitter, maxDelayMs }: ResolvedBackoffOptions) {
  return { type, delay: delayMs, jitter, maxDelay: maxDelayMs };
}

/** The backoff stored with a job; `undefined` where there is none, or none of a kind that goflow knows. */
export function fromStoredBackoff(stored: unknown): ResolvedBackoffOptions | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined;
  const { type, delay, jitter, maxDelay } = stored as Record<string, unknown>;
  if (type !== 'fixed' && type !== 'exponential') return undefined;
  const number = (value: unknown, otherwise: number): number =>
    typeof value === 'number' && value >= 0 ? value : otherwise;
  return {
    type,
    delayMs: number(delay, 1_000),
    jitter: Math.min(number(jitter, 0), 1),
    maxDelayMs: number(maxDelay, 2 ** 31 - 1),
  };
}

/** JSON allows white space around a value: `null` with a space is how a result of `undefined` is told from `null`. */
const UNDEFINED_RESULT = 'null ';

/** What is stored as a job's `returnvalue`. */
export const toReturnValue = (resultJson: string | undefined): string =>
  resultJson ?? UNDEFINED_RESULT;

/** The result in a `returnvalue`; throws ENVELOPE_UNREADABLE when it is no JSON. */
export function fromReturnValue(stored: string | null | undefined): unknown {
  if (stored === null || stored === undefined || stored === UNDEFINED_RESULT) return undefined;
  try {
    return JSON.parse(stored);
  } catch (cause) {
    throw new GoflowError('ENVELOPE_UNREADABLE', 'the stored result is no JSON', { cause });
  }
}

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
