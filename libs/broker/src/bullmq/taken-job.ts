import {
  type ResolvedBackoffOptions,
  type ResolvedRetention,
  type TakenTask,
  type TaskId,
  type TaskNews,
  taskIdOf,
  type Verdict,
} from '@goflow/shared';
import type { Job } from 'bullmq';
import type { Lease } from './lease.js';
import {
  fromStoredBackoff,
  fromStoredRetention,
  fromStoredTags,
  fromStoredTime,
  type StoredOptions,
} from './stored-options.js';

const TASK = Symbol('goflow.task');
type MarkedJob = Job & { [TASK]?: TakenJob };

/** What a task is made of when it is taken. */
export interface Taking {
  readonly queue: string;
  readonly job: Job;
  readonly token: string;
  readonly lease: Lease;
  readonly report: (task: TakenJob, news: TaskNews) => Promise<void>;
  /** Which of the tasks of a chunk it is. */
  readonly ofChunk?: { readonly index: number; readonly payload: unknown };
}

/** BullMQ's job, seen as a task that was taken. */
export class TakenJob implements TakenTask {
  readonly id: TaskId;
  readonly queue: string;
  readonly type: string;
  readonly payload: unknown;
  readonly attempt: number;
  readonly starts: number;
  readonly maxAttempts: number | undefined;
  readonly stalls: number;
  readonly pushedAt: number;
  readonly dueAt: number;
  /** What proves that the lease is this worker's. */
  readonly token: string;
  /** It runs as one of a chunk. */
  readonly isOfChunk: boolean;
  /** On the monotonic clock. */
  readonly takenAt = performance.now();
  readable = true;
  /** Until more is known: one whose worker died was begun. */
  wasBegun: boolean;
  /** Set before it is run. */
  isTakenOver = false;
  runMs = 0;
  /** The worker is leaving and has ended this attempt itself. */
  isBrokenOff = false;
  /** What running it came to. */
  verdict: Verdict | undefined;
  readonly #lease: Lease;
  readonly #stored: StoredOptions;
  readonly #report: (task: TakenJob, news: TaskNews) => Promise<void>;

  constructor({ queue, job, token, lease, report, ofChunk }: Taking) {
    const unique = job.id ?? '';
    this.id = ofChunk ? `${queue}:${unique}:${ofChunk.index}` : taskIdOf(queue, unique);
    this.queue = queue;
    this.type = job.name;
    this.payload = ofChunk ? ofChunk.payload : job.data;
    this.attempt = job.attemptsMade + 1;
    this.starts = job.attemptsStarted;
    const { attempts } = job.opts;
    this.maxAttempts = Number.isInteger(attempts) && attempts ? attempts : undefined;
    this.pushedAt = job.timestamp;
    this.dueAt = job.timestamp + (job.opts.delay ?? 0);
    this.token = token;
    this.isOfChunk = ofChunk !== undefined;
    this.#lease = lease;
    this.stalls = job.stalledCounter;
    this.wasBegun = this.stalls > 0;
    this.#stored = job.opts as StoredOptions;
    this.#report = report;
    if (!ofChunk) (job as MarkedJob)[TASK] = this;
  }

  get signal(): AbortSignal {
    return this.#lease.abortSignal;
  }

  get isAborted(): boolean {
    return this.#lease.isAborted;
  }

  get backoff(): ResolvedBackoffOptions | undefined {
    return fromStoredBackoff(this.#stored.backoff);
  }

  get timeoutMs(): number | undefined {
    return fromStoredTime(this.#stored.to);
  }

  get startBy(): number | undefined {
    return fromStoredTime(this.#stored.sb);
  }

  get deadline(): number | undefined {
    return fromStoredTime(this.#stored.dl);
  }

  get retention(): ResolvedRetention | undefined {
    return fromStoredRetention(this.#stored.ret);
  }

  get tags(): readonly string[] {
    return fromStoredTags(this.#stored.tags);
  }

  get traceparent(): string | undefined {
    return typeof this.#stored.tp === 'string' ? this.#stored.tp : undefined;
  }

  get tracestate(): string | undefined {
    return typeof this.#stored.ts === 'string' ? this.#stored.ts : undefined;
  }

  get envelopeVersion(): number | undefined {
    return fromStoredTime(this.#stored.v);
  }

  report(news: TaskNews): Promise<void> {
    return this.#report(this, news);
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
