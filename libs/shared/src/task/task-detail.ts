import type { TaskFailure } from '../errors/task-failure.js';
import type { ResolvedBackoffOptions } from '../options/backoff.js';
import type { TaskRecord } from './task-record.js';

/** How one attempt of a task went. */
export interface TaskAttempt {
  /** 1 for the first. */
  readonly attempt: number;
  readonly startedAt: Date;
  /** Not there while it runs. */
  readonly endedAt?: Date | undefined;
  /** The name of the worker that ran it, where it is known. */
  readonly worker?: string | undefined;
  /** `retry`: it failed and the task was tried again. */
  readonly outcome: 'active' | 'completed' | 'retry' | 'failed' | 'cancelled' | 'expired';
  /** Why it did not complete. */
  readonly failure?: Pick<TaskFailure, 'name' | 'message' | 'code'> | undefined;
}

/** One line that a handler logged. */
export interface TaskLogEntry {
  readonly at: Date;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly attempt: number;
  /** Rises with every line of the task: it tells lines apart, and their order. */
  readonly seq: number;
  /** What was logged beside the message, where it is plain JSON of at most 2,048 characters. */
  readonly fields?: unknown;
}

/** What happened in a running attempt, for those who watch. */
export interface TaskNews {
  /** The progress as JSON. */
  readonly progressJson?: string | undefined;
  readonly log?: readonly TaskLogEntry[] | undefined;
}

/** All that a broker knows of a task. Times are milliseconds since 1970. */
export interface TaskDetail extends TaskRecord {
  readonly queue: string;
  /** Decoded; `undefined` when it is no JSON. It may be compressed, and from version 2 on encrypted. */
  readonly payload: unknown;
  /** What a reader of the payload has to understand. @default 1 */
  readonly envelopeVersion?: number | undefined;
  readonly tags: readonly string[];
  readonly priority: number;
  readonly maxAttempts?: number | undefined;
  readonly backoff?: ResolvedBackoffOptions | undefined;
  readonly timeoutMs?: number | undefined;
  /** When it can be taken at the earliest, while it is delayed. */
  readonly dueAt?: number | undefined;
  readonly deduplicationKey?: string | undefined;
  readonly traceparent?: string | undefined;
  /** How often it was started, hand-backs and crashes included. */
  readonly starts: number;
  /** How often its worker died or froze while it ran. */
  readonly stalls: number;
  /** Decoded; `undefined` when there is none. */
  readonly progress?: unknown;
  readonly log: readonly TaskLogEntry[];
  readonly history: readonly TaskAttempt[];
}
