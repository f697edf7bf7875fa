import type { TaskFailure, UnhappyOutcome } from '@goflow/shared';
import {
  type BackendFactory,
  DelayedError,
  type Job,
  type JobJson,
  type KeepJobs,
  type RedisQueueBackend,
  WaitingError,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import {
  DUE_FIELD,
  type EndedAttempt,
  engineFailure,
  toHistoryField,
  toStackText,
} from './job-codec.js';
import { type Lease, LeaseKeeper } from './lease.js';
import { NextAsked } from './next-asked.js';
import type { StoredOptions } from './stored-options.js';

/** What happens to a job after it ran; the consumer listens. */
export interface JobListener {
  /** Runs a job. Gives its return value, or throws an {@link OutcomeError}, `WaitingError` or `DelayedError`. */
  process(job: Job, token: string, lease: Lease): Promise<string>;
  /** Fails all tasks of a chunk that are not settled; gives its return value. `undefined` for a job that is no chunk. */
  failChunk(job: Job, token: string, failure: TaskFailure): Promise<string> | undefined;
  /** The time that all workers agree on. */
  now(): number;
  /** The outcome is recorded in Redis. */
  recorded(job: Job, outcome: UnhappyOutcome | typeof COMPLETED): void;
  /** The outcome could not be recorded: the lease was lost, and somebody else runs the job. */
  lost(job: Job, error: unknown): void;
}

/** The job completed with what {@link JobListener.process} gave. */
export const COMPLETED = Object.freeze({ kind: 'completed' });

/** Carries an outcome other than completion through BullMQ, which knows exceptions only. */
export class OutcomeError extends Error {
  readonly outcome: UnhappyOutcome;

  constructor(outcome: UnhappyOutcome) {
    super(outcome.failure.message);
    this.outcome = outcome;
  }
}

/** Finished jobs stay until goflow's sweeper takes them, whatever other programs stored with them. */
const KEEP: KeepJobs = { count: -1 };

/** How many stacks BullMQ keeps with a job: one an attempt, the last ones. */
const MAX_STACKS = 5;

type NextCheck = () => boolean;
type NextJob = [data: JobJson | undefined, id: string, limitDelay: number, delayUntil: number];

/** What BullMQ takes for "nothing fetched", though its types do not say so. */
const NO_JOB = undefined as unknown as Job;

/** Private to BullMQ. */
interface Private {
  /** Needed after a job was fetched with the end of another. */
  updateDelays(limitDelay: number, delayUntil: number): void;
  /** When the next job is due, 0 for none. Unless it is 0, the job that was just fetched begins before another is asked for. */
  blockUntil: number;
}

/** A time that is over: nothing waits for it. */
const LONG_AGO = 1;

/**
 * BullMQ's Worker with goflow's way of ending a job put in: BullMQ decides by exception, name and message what becomes of a
 * job; here only goflow's own outcome decides, so that no error of a user's can look like one of BullMQ's signals.
 */
export class BullWorker extends Worker<unknown, string, string, RedisQueueBackend> {
  readonly #unreadable = new WeakSet<Job>();
  readonly #listener: JobListener;
  readonly #next = new NextAsked();
  #hasBegun = false;

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
   * BullMQ asks for jobs for all free slots before it begins the first, and asks again though a job that ends asks, too. Here a job begins when
   * it comes, and the answer to its end will do: a lone task waits for one call of Redis less, and costs one less.
   */
  protected override async moveToActive(token: string, name?: string): Promise<Job> {
    if (this.#hasBegun) {
      this.#hasBegun = false;
      await endOfTurn();
      if (await this.#next.isEmpty()) return NO_JOB;
    }
    const job = await super.moveToActive(token, name);
    if (job === NO_JOB) return job;
    this.#hasBegun = true;
    (this as unknown as Private).blockUntil = LONG_AGO;
    return job;
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
    const now = this.#listener.now();
    const what = [job, resultJson, 'returnvalue', KEEP, 'completed', token, now] as const;
    const args = withArgs(this.backend).moveToFinishedArgs(...what, fetchNext);
    let fetched: unknown;
    if (fetchNext) this.#next.ask();
    try {
      fetched = await this.backend.moveToFinished(job.id ?? '', args);
    } catch (error) {
      fetched = await this.#recordedAnyway(error, job, now);
    } finally {
      if (fetchNext) this.#next.answer(Array.isArray(fetched) && !fetched[0]);
    }
    job.finishedOn = now;
    job.attemptsMade += 1;
    this.#listener.recorded(job, COMPLETED);
    return fetchNext ? this.#toJob(fetched, token) : NO_JOB;
  }

  /**
   * When the connection is cut after Redis has recorded an outcome and before it said so, ioredis sends the command again, and that
   * finds no lock. The outcome stands all the same.
   */
  async #recordedAnyway(error: unknown, job: Job, endedAt: number): Promise<undefined> {
    const stored = isLeaseLost(error) ? await this.backend.getJobData(job.id ?? '') : undefined;
    // The time tells it from the same result of another worker, which has the task now.
    if (Number(stored?.finishedOn) === endedAt) return undefined;
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
    if (this.backend.closing) return NO_JOB;
    const chunk = job.deferredFailure ? await this.#failChunk(error, job, token) : undefined;
    if (chunk !== undefined) return this.handleCompleted(chunk, job, token, next);
    const outcome = outcomeOf(error, job);
    if (!outcome) {
      this.#listener.lost(job, error);
      return NO_JOB;
    }
    const fetchNext = (next?.() ?? true) && !(this.closing || this.paused);
    const fetched = await this.#record(job, outcome, { token, fetchNext });
    if (!isUnspent(outcome)) job.attemptsMade += 1;
    this.#listener.recorded(job, outcome);
    return fetchNext ? this.#toJob(fetched, token) : NO_JOB;
  }

  /** A chunk that stalled too often: its tasks fail, each for itself. `undefined` for a job that is none, and when that could not be done. */
  async #failChunk(error: Error, job: Job, token: string): Promise<string | undefined> {
    const failing = this.#listener.failChunk(job, token, engineFailure(error));
    return failing?.catch((cause: unknown) => {
      this.#listener.lost(job, cause);
      return undefined;
    });
  }

  /** An outcome other than completion: another try, or the end. What it says of itself is written in the same step. */
  #record(job: Job, outcome: UnhappyOutcome, { token, fetchNext }: Recording): Promise<unknown> {
    const { failure } = outcome;
    const now = this.#listener.now();
    const stacks = [...(job.stacktrace ?? []).slice(1 - MAX_STACKS), toStackText(failure)];
    const fields = { failedReason: failure.message, stacktrace: JSON.stringify(stacks) };
    if (outcome.kind === 'retry') {
      const history = toHistoryField(this.#ended(job, outcome, now));
      const fieldsToUpdate = { ...fields, ...history, [DUE_FIELD]: now + outcome.delayMs };
      const options = { fieldsToUpdate, fetchNext };
      return this.backend.moveToDelayed(job.id ?? '', now, outcome.delayMs, token, options);
    }
    // BullMQ knows two ends and takes any: the script adds to the set that it is given, and names the event after it.
    const target = outcome.kind as 'failed';
    const what = [job, failure.message, 'failedReason', KEEP, target, token, now] as const;
    // The script counts one more, after it has written these.
    const updates = isUnspent(outcome) ? { ...fields, atm: job.attemptsMade - 1 } : fields;
    const args = withArgs(this.backend).moveToFinishedArgs(...what, fetchNext, updates);
    job.finishedOn = now;
    return this.backend.moveToFinished(job.id ?? '', args);
  }

  #ended(job: Job, { failure }: UnhappyOutcome, endedAt: number): EndedAttempt {
    const worker = this.opts.name ?? '';
    const startedAt = job.processedOn ?? endedAt;
    return { attempt: job.attemptsMade + 1, startedAt, endedAt, worker, failure };
  }

  /** The job that came with the end of another. Without a fetch there is an empty list, which BullMQ takes for an empty queue. */
  #toJob(fetched: unknown, token: string): Promise<Job> | Job {
    if (!Array.isArray(fetched)) return NO_JOB;
    const [jobData, jobId, limitDelay, delayUntil] = fetched as NextJob;
    (this as unknown as Private).updateDelays(limitDelay, delayUntil);
    return this.nextJobFromJobData(jobData, jobId, token) as Promise<Job>;
  }
}

const endOfTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const isUnspent = (outcome: UnhappyOutcome): boolean =>
  outcome.kind !== 'retry' && outcome.isUnspent === true;

interface Recording {
  readonly token: string;
  readonly fetchNext: boolean;
}

type ToArgs = RedisQueueBackend['moveToCompletedArgs'] extends (...args: never) => infer Args
  ? (...args: readonly unknown[]) => Args
  : never;

/** Protected in BullMQ, and the way to an end that it has no name for. */
const withArgs = (backend: RedisQueueBackend) =>
  backend as unknown as { readonly moveToFinishedArgs: ToArgs };

/** `undefined` when the error did not come from running the job but from recording its outcome. */
function outcomeOf(error: Error, job: Job): UnhappyOutcome | undefined {
  if (error instanceof OutcomeError) return error.outcome;
  if (job.deferredFailure) return { kind: 'failed', failure: engineFailure(error) };
  return undefined;
}

/** In place of a job that cannot be read: what is needed to fail it. What stands in Redis is not touched. */
function standIn(data: JobJson, id: string): JobJson {
  // Of a later version it may well be readable, elsewhere.
  const { v } = data.opts as StoredOptions;
  const opts: StoredOptions = v === undefined ? {} : { v };
  return {
    id,
    name: typeof data.name === 'string' ? data.name : '',
    data: 'null',
    opts,
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
