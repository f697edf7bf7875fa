import type {
  ResolvedBackoffOptions,
  ResolvedRetention,
  TaskEnvelope,
  TaskRecord,
} from '@goflow/shared';
import type { JobsOptions } from 'bullmq';

/**
 * The options that goflow stores with a BullMQ job: BullMQ's own under its own names, so that other programs can read them, and
 * only what the push said, so that they are small. goflow's names are short, because they are stored with each task.
 */
export interface StoredOptions extends JobsOptions {
  /** The address that the outcome is announced to. */
  readonly r?: string;
  /** `startBy`, in milliseconds since 1970. */
  readonly sb?: number;
  /** `deadline`, in milliseconds since 1970. */
  readonly dl?: number;
  /** `timeout`, in milliseconds. */
  readonly to?: number;
  readonly tags?: readonly string[];
  /** Retention: completed and failed, in milliseconds. */
  readonly ret?: readonly [completedMs: number, failedMs: number];
  /** The W3C traceparent of the push. */
  readonly tp?: string;
  /** The W3C tracestate of the push. */
  readonly ts?: string;
  /** Tells the pushes of one id apart; of a debounced task, `<client>:<number>`: the push that its payload is of. */
  readonly n?: string;
  /** How many tasks the job carries, where it is a chunk. */
  readonly c?: number;
  /** The version of the envelope, where it is not 1. */
  readonly v?: number;
  /** BullMQ's deduplication, as it stores it. */
  readonly de?: { readonly id: string; readonly ttl?: number };
}

/** What a push says, as it is stored. `nonce`: for an id that the caller chose, and a debounced task. */
export function toStoredOptions(envelope: TaskEnvelope, nonce?: string): StoredOptions {
  const options: { -readonly [Name in keyof StoredOptions]: StoredOptions[Name] } = {};
  if (envelope.delayMs) options.delay = envelope.delayMs;
  if (envelope.priority) options.priority = envelope.priority;
  if (envelope.maxAttempts) options.attempts = envelope.maxAttempts;
  if (envelope.backoff) options.backoff = toStoredBackoff(envelope.backoff);
  if (envelope.replyTo) options.r = envelope.replyTo;
  if (envelope.startBy) options.sb = envelope.startBy;
  if (envelope.deadline) options.dl = envelope.deadline;
  if (envelope.timeoutMs) options.to = envelope.timeoutMs;
  if (envelope.tags?.length) options.tags = envelope.tags;
  if (envelope.retention)
    options.ret = [envelope.retention.completedMs, envelope.retention.failedMs];
  if (envelope.traceparent) options.tp = envelope.traceparent;
  if (envelope.tracestate) options.ts = envelope.tracestate;
  if (nonce !== undefined) options.n = nonce;
  if (envelope.deduplication) options.de = toStoredDeduplication(envelope);
  if (envelope.envelopeVersion) options.v = envelope.envelopeVersion;
  return options;
}

/** The key under which BullMQ knows that a task is another: of one type, so that types do not get in each other's way. */
export const deduplicationIdOf = (type: string, key: string): string => `${type}:${key}`;

/** The key of the caller in a deduplication id. */
export const deduplicationKeyOf = (id: string, type: string): string => id.slice(type.length + 1);

function toStoredDeduplication({ type, deduplication }: TaskEnvelope) {
  const { key = '', windowMs = 0 } = deduplication ?? {};
  const id = deduplicationIdOf(type, key);
  return windowMs > 0 ? { id, ttl: windowMs } : { id };
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

/** The retention stored with a job; `undefined` where there is none, or it is none. */
export function fromStoredRetention(stored: unknown): ResolvedRetention | undefined {
  if (!Array.isArray(stored)) return undefined;
  const [completedMs, failedMs] = stored as unknown[];
  return isTime(completedMs) && isTime(failedMs) ? { completedMs, failedMs } : undefined;
}

/** A stored time or length of time; `undefined` for anything else. */
export const fromStoredTime = (stored: unknown): number | undefined =>
  isTime(stored) ? stored : undefined;

/** What the options of a job, as JSON, say about its times. Most tasks have none. */
export function timesIn(
  options: string | null | undefined,
): Pick<TaskRecord, 'startBy' | 'deadline' | 'retention'> {
  if (!options || !/"(?:sb|dl|ret)"/.test(options)) return {};
  const { sb, dl, ret } = decoded(options);
  return {
    startBy: fromStoredTime(sb),
    deadline: fromStoredTime(dl),
    retention: fromStoredRetention(ret),
  };
}

/** Nothing where somebody else wrote what is no JSON. */
function decoded(options: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(options) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** The tags stored with a job. */
export const fromStoredTags = (stored: unknown): readonly string[] =>
  Array.isArray(stored) ? stored.filter((tag): tag is string => typeof tag === 'string') : [];

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}
