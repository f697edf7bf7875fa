import type { ResolvedBackoffOptions, TakenTask, TaskId } from '@goflow/shared';
import type { Job } from 'bullmq';
import { fromStoredBackoff, type StoredOptions } from './job-codec.js';
import type { Lease } from './lease.js';

const TASK = Symbol('goflow.task');
type MarkedJob = Job & { [TASK]?: TakenJob };

/** BullMQ's job, seen as a task that was taken. */
export class TakenJob implements TakenTask {
  readonly id: TaskId;
  readonly queue: string;
  readonly type: string;
  readonly payload: unknown;
  readonly attempt: number;
  readonly starts: number;
  readonly maxAttempts: number | undefined;
  readonly pushedAt: number;
  readonly dueAt: number;
  /** On the monotonic clock. */
  readonly takenAt = performance.now();
  readable = true;
  runMs = 0;
  /** The worker is leaving and has ended this attempt itself. */
  isBrokenOff = false;
  readonly #lease: Lease;
  readonly #storedBackoff: unknown;

  constructor(queue: string, job: Job, lease: Lease) {
    this.id = `${queue}:${job.id ?? ''}`;
    this.queue = queue;
    this.type = job.name;
    this.payload = job.data;
    this.attempt = job.attemptsMade + 1;
    this.starts = job.attemptsStarted;
    const { attempts } = job.opts;
    this.maxAttempts = Number.isInteger(attempts) && attempts ? attempts : undefined;
    this.pushedAt = job.timestamp;
    this.dueAt = job.timestamp + (job.opts.delay ?? 0);
    this.#lease = lease;
    this.#storedBackoff = job.opts.backoff;
    (job as MarkedJob)[TASK] = this;
  }

  get signal(): AbortSignal {
    return this.#lease.abortSignal;
  }

  get backoff(): ResolvedBackoffOptions | undefined {
    return fromStoredBackoff(this.#storedBackoff);
  }

  abort(reason: unknown): void {
    this.#lease.abort(reason);
  }

  /** Aborts because the worker leaves; an attempt that was aborted before ends as it would have. */
  breakOff(reason: unknown): void {
    this.isBrokenOff = !this.#lease.isAborted;
    this.abort(reason);
  }
}

/** The task that a job was taken as; undefined for one that never ran. */
export const takenTaskOf = (job: Job): TakenJob | undefined => (job as MarkedJob)[TASK];

/** Where the outcome of a job is to be announced, if anywhere. */
export const replyAddressOf = (job: Job): string | undefined => (job.opts as StoredOptions).r;
