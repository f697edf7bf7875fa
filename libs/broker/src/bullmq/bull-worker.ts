import type { TaskFailure, TaskOutcome } from '@goflow/shared';
import {
  type BackendFactory,
  DelayedError,
  type Job,
  type JobJson,
  type KeepJobs,
  RATE_LIMIT_ERROR,
  type RedisQueueBackend,
  WaitingError,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import { engineFailure, toStackText } from './job-codec.js';
import { type Lease, LeaseKeeper } from './lease.js';

/** What happens to a job after it ran; the consumer listens. */
export interface JobListener {
  /** Runs a job. Gives its return value, or throws an {@link OutcomeError}, `WaitingError` or `DelayedError`. */
  process(job: Job, token: string, lease: Lease): Promise<string>;
  /** The outcome is recorded in Redis. */
  recorded(job: Job, outcome: TaskOutcome): void;
  /** The outcome could not be recorded: the lease was lost, and somebody else runs the job. */
  lost(job: Job, error: unknown): void;
}

/** Carries an outcome other than completion through BullMQ, which knows exceptions only. */
export class OutcomeError extends Error {
  readonly outcome: Exclude<TaskOutcome, { kind: 'completed' }>;

  constructor(outcome: Exclude<TaskOutcome, { kind: 'completed' }>) {
    super(outcome.failure.message);
    this.outcome = outcome;
  }
}

/** How many stacks BullMQ keeps with a job: one an attempt, the last ones. */
const MAX_STACKS = 5;

type NextCheck = () => boolean;
type NextJob = [data: JobJson | undefined, id: string, limitDelay: number, delayUntil: number];

/** What BullMQ takes for "nothing fetched", though its types do not say so. */
const NO_JOB = undefined as unknown as Job;

/** Private to BullMQ, and needed after a job was fetched with the end of another. */
interface WithDelays {
  updateDelays(limitDelay: number, delayUntil: number): void;
}

/**
 * BullMQ's Worker with goflow's way of ending a job put in: BullMQ decides by exception, name and message what becomes of a
 * job; here only goflow's own outcome decides, so that no error of a user's can look like one of BullMQ's signals.
 */
export class BullWorker extends Worker<unknown, string, string, RedisQueueBackend> {
  readonly #unreadable = new WeakSet<Job>();
  readonly #listener: JobListener;

  constructor(
    name: string,
    listener: JobListener,
    options: WorkerOptions,
    backends: BackendFactory,
  ) {
    // Three declared parameters: BullMQ tracks an abort only then. The third is what LeaseKeeper made of it.
    const processor = (job: Job, token: string | undefined, signal: unknown): Promise<string> =>
      listener.process(job, token ?? '', signal as Lease);
    super(name, processor as never, options, backends as never);
    this.#listener = listener;
  }

  /** False for a job whose data in Redis is no JSON: BullMQ cannot even make one of it, and would try for ever. */
  isReadable(job: Job): boolean {
    return !this.#unreadable.has(job);
  }

  protected override createLockManager(): void {
    const { lockRenewTime = 0, lockDuration = 0 } = this.opts;
    this.lockManager = new LeaseKeeper(this as never, {
      lockRenewTime,
      lockDuration,
      workerId: this.id,
    });
  }

  protected override createJob(data: JobJson, jobId: string): Job<unknown, string, string> {
    try {
      return super.createJob(data, jobId);
    } catch {
      const job = super.createJob(standIn(data, jobId), jobId);
      this.#unreadable.add(job);
      return job;
    }
  }

  /**
   * BullMQ's own way, less what costs time and serves nobody here: its tracing, an event without listeners, and a second encoding of
   * a result that is JSON already.
   */
  protected override async handleCompleted(
    resultJson: string,
    job: Job,
    token: string,
    mayFetch?: NextCheck,
  ): Promise<Job> {
    if (this.backend.closing) return NO_JOB;
    const fetchNext = (mayFetch?.() ?? true) && !(this.closing || this.paused);
    const keep = job.opts.removeOnComplete as KeepJobs;
    const args = this.backend.moveToCompletedArgs(job, resultJson, keep, token, fetchNext);
    let next: unknown;
    try {
      next = await this.backend.moveToFinished(job.id ?? '', args);
    } catch (error) {
      next = await this.#recordedAnyway(error, job, resultJson);
    }
    // The time that stands in Redis.
    job.finishedOn = Number(args[this.backend.moveToFinishedKeys.length + 1]);
    job.attemptsMade += 1;
    this.#listener.recorded(job, { kind: 'completed', resultJson });
    // Without a fetch there is an empty list, which BullMQ would take for an empty queue.
    if (!fetchNext || !Array.isArray(next)) return NO_JOB;
    const [jobData, jobId, limitDelay, delayUntil] = next as NextJob;
    (this as unknown as WithDelays).updateDelays(limitDelay, delayUntil);
    return this.nextJobFromJobData(jobData, jobId, token);
  }

  /**
   * When the connection is cut after Redis has recorded an outcome and before it said so, ioredis sends the command again, and that
   * finds no lock. The outcome stands all the same.
   */
  async #recordedAnyway(error: unknown, job: Job, resultJson: string): Promise<undefined> {
    const stored = isLeaseLost(error) ? await this.backend.getJobData(job.id ?? '') : undefined;
    if (stored?.finishedOn && stored.returnvalue === resultJson) return undefined;
    throw error;
  }

  protected override async handleFailed(
    error: Error,
    job: Job,
    token: string,
    next?: NextCheck,
  ): Promise<Job> {
    if (error instanceof WaitingError || error instanceof DelayedError)
      return super.handleFailed(error, job, token, next);
    const outcome = this.#outcomeOf(error, job);
    if (!outcome) {
      this.#listener.lost(job, error);
      return NO_JOB;
    }
    const nextJob = await super.handleFailed(toBullError(job, outcome), job, token, next);
    this.#listener.recorded(job, outcome);
    return nextJob;
  }

  /** `undefined` when the error did not come from running the job but from recording its outcome. */
  #outcomeOf(error: Error, job: Job): Exclude<TaskOutcome, { kind: 'completed' }> | undefined {
    if (error instanceof OutcomeError) return error.outcome;
    if (job.deferredFailure) return { kind: 'failed', failure: engineFailure(error) };
    return undefined;
  }
}

/** In place of a job that cannot be read: what is needed to fail it. What stands in Redis is not touched. */
function standIn(data: JobJson, id: string): JobJson {
  return {
    id,
    name: typeof data.name === 'string' ? data.name : '',
    data: 'null',
    opts: {},
    progress: 0,
    attemptsMade: Number(data.attemptsMade) || 0,
    attemptsStarted: Number(data.attemptsStarted) || 0,
    stalledCounter: Number(data.stalledCounter) || 0,
    timestamp: Number(data.timestamp) || Date.now(),
    failedReason: '',
    returnvalue: '',
  };
}

/** BullMQ's words for a lock that is gone, or another worker's. */
export function isLeaseLost(error: unknown): boolean {
  return error instanceof Error && /^(Missing|Lock mismatch|Job .* is not in)/i.test(error.message);
}

/** BullMQ's words for an outcome: its own options of the job, in this process only, and an error that it understands. */
function toBullError(job: Job, outcome: Exclude<TaskOutcome, { kind: 'completed' }>): Error {
  job.opts.stackTraceLimit = MAX_STACKS;
  if (outcome.kind === 'retry') {
    job.opts.attempts = job.attemptsMade + 2;
    job.opts.backoff = { type: 'fixed', delay: outcome.delayMs };
    return bullError('Error', outcome.failure);
  }
  return bullError('UnrecoverableError', outcome.failure);
}

function bullError(name: string, failure: TaskFailure): Error {
  // BullMQ takes an error with this message for a request to slow down, and would run the job again for ever.
  const isMagic = failure.message === RATE_LIMIT_ERROR;
  const message = isMagic ? `${failure.message} (thrown by a handler)` : failure.message;
  return Object.assign(new Error(message), { name, stack: toStackText(failure) });
}
