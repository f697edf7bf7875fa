import type { ResolvedBackoffOptions, TakenTask, TaskId } from '@goflow/shared';
import type { Job } from 'bullmq';
import { fromStoredBackoff, type StoredOptions } from './job-codec.js';

/** BullMQ's job, seen as a task that was taken. */
export class TakenJob implements TakenTask {
  readonly id: TaskId;
  readonly queue: string;
  readonly type: string;
  readonly payload: unknown;
  readonly readable: boolean;
  readonly attempt: number;
  readonly starts: number;
  readonly maxAttempts: number | undefined;
  readonly pushedAt: number;
  readonly dueAt: number;
  readonly signal: AbortSignal;
  readonly #abort: (reason: unknown) => void;
  readonly #storedBackoff: unknown;

  constructor(queue: string, job: Job, about: TakenJobContext) {
    this.id = `${queue}:${job.id ?? ''}`;
    this.queue = queue;
    this.type = job.name;
    this.payload = job.data;
    this.readable = about.readable;
    this.attempt = job.attemptsMade + 1;
    this.starts = job.attemptsStarted;
    this.maxAttempts = job.opts.attempts || undefined;
    this.pushedAt = job.timestamp;
    this.dueAt = job.timestamp + (job.opts.delay ?? 0);
    this.signal = about.signal;
    this.#abort = about.abort;
    this.#storedBackoff = job.opts.backoff;
  }

  get backoff(): ResolvedBackoffOptions | undefined {
    return fromStoredBackoff(this.#storedBackoff);
  }

  abort(reason: unknown): void {
    this.#abort(reason);
  }
}

/** What a job does not know of itself. */
export interface TakenJobContext {
  readonly signal: AbortSignal;
  readonly abort: (reason: unknown) => void;
  readonly readable: boolean;
}

/** Where the outcome of a job is to be announced, if anywhere. */
export const replyAddressOf = (job: Job): string | undefined => (job.opts as StoredOptions).r;
