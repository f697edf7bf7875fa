import { setTimeout as delay } from 'node:timers/promises';
import type {
  ConsumeOptions,
  Consumer,
  HandBack,
  QueueCounts,
  TaskOutcome,
  UnhappyOutcome,
  Verdict,
} from '@goflow/shared';
import { cancelledError, cancelledFailure, GoflowError } from '@goflow/shared';
import { DelayedError, type Job, WaitingError } from 'bullmq';
import { afterEnd } from './after-end.js';
import { buildWorker, closeWorker, type WorkerSettings } from './build-worker.js';
import {
  type BullWorker,
  type COMPLETED,
  isLeaseLost,
  type JobListener,
  OutcomeError,
} from './bull-worker.js';
import type { CancelListener } from './cancellations.js';
import { CarefulStart } from './careful-start.js';
import { toReturnValue } from './job-codec.js';
import { bullJobId, queueKey } from './keys.js';
import { lookForWish } from './late-cancel.js';
import { Lease } from './lease.js';
import { putBack } from './put-back.js';
import { readCounts } from './queue-counts.js';
import { isReady } from './redis-connection.js';
import { brokerUnavailable } from './redis-reply-error.js';
import { RetentionSweeper } from './retention-sweeper.js';
import { Suspects } from './suspects.js';
import { TakenJob, takenTaskOf } from './taken-job.js';
import { tellNews } from './task-news.js';

/** After the abort, a handler that heeds `ctx.signal` may still end by itself for this long. */
const LINGER_MS = 400;
/** Handing back and closing get this long each; a server that does not answer is left. */
const LEAVE_MS = 600;
/** Idle for longer than this without an answer to the question for tasks, a consumer is deaf. */
const DEAF_MS = 20_000;

interface Running {
  readonly task: TakenJob;
  /** Ends the run from outside; its own verdict then comes too late. */
  readonly end: (verdict: Verdict) => void;
}

/** A worker does not wait longer for what it can do without. */
const PREPARE_MS = 2_000;

const PAUSED: HandBack = { kind: 'handed-back', reason: 'paused', delayMs: 0 };

/** One queue, consumed through BullMQ. */
export class BullMqConsumer implements Consumer, JobListener, CancelListener {
  readonly queue: string;
  readonly #options: ConsumeOptions;
  readonly #settings: WorkerSettings;
  readonly #sweeper: RetentionSweeper;
  /** By BullMQ's id of the job. */
  readonly #running = new Map<string, Running>();
  readonly #closed = new AbortController();
  readonly #careful: CarefulStart;
  #concurrency: number;
  #aliveAt = 0;
  #leaving = false;
  #onIdle: (() => void) | undefined;
  #worker: BullWorker | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: ConsumeOptions, settings: WorkerSettings) {
    this.queue = options.queue;
    this.#options = options;
    this.#settings = settings;
    this.#concurrency = options.concurrency;
    const { redis, prefix, cancellations, report } = settings;
    const { queue, worker, run, retention } = options;
    this.#sweeper = new RetentionSweeper({ redis, prefix, queue, retention, report });
    const suspects = new Suspects(redis, prefix, queue);
    this.#careful = new CarefulStart({ cancellations, suspects, worker, run, report });
  }

  get concurrency(): number {
    return this.#concurrency;
  }

  get active(): number {
    return this.#running.size;
  }

  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  isConsuming(): boolean {
    const connected = isReady(this.#settings.redis);
    const running =
      this.#concurrency === 0 || (this.#worker?.isRunning() === true && this.#isTaking());
    return connected && running && this.#worker !== undefined && !this.#leaving;
  }

  /** Every slot is busy, or Redis has lately answered the question for tasks: BullMQ asks again after 10 s at most. */
  #isTaking(): boolean {
    const isBusy = this.#running.size >= this.#concurrency;
    return isBusy || performance.now() - this.#aliveAt < DEAF_MS;
  }

  async setConcurrency(concurrency: number): Promise<void> {
    this.#concurrency = concurrency;
    const worker = this.#worker;
    if (!worker || this.#leaving) return;
    if (concurrency > 0) worker.concurrency = concurrency;
    // Pausing and resuming wakes BullMQ's loop, which otherwise sees more slots only when a task ends.
    await this.#pause(worker);
    if (!this.#takesNothing()) await worker.resume();
  }

  async quiet(): Promise<void> {
    this.#leaving = true;
    if (this.#worker) await this.#pause(this.#worker);
  }

  /** Ends the blocking wait, too, or BullMQ would still take the task that ends it. It connects again by itself. */
  async #pause(worker: BullWorker): Promise<void> {
    await worker.pause(true);
    if (this.#takesNothing()) await worker.getBackend().disconnectBlocking(false);
  }

  stop(graceMs: number): Promise<void> {
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  async counts(): Promise<QueueCounts> {
    const { redis, prefix } = this.#settings;
    // Else the question would wait for Redis, as long as that takes.
    if (!isReady(redis)) throw brokerUnavailable(0, false, undefined);
    return readCounts(redis, prefix, this.queue);
  }

  async #start(): Promise<void> {
    const worker = await buildWorker(this, {
      ...this.#settings,
      queue: this.queue,
      name: this.#options.worker,
      signal: this.#closed.signal,
      quiet: () => this.#takesNothing(),
      alive: () => {
        this.#aliveAt = performance.now();
      },
    });
    if (!worker) return;
    // Stopped meanwhile.
    if (this.#closed.signal.aborted) return closeWorker(worker, 0);
    this.#aliveAt = performance.now();
    this.#worker = worker;
    worker.on('lockRenewalFailed', (ids: string[]) => {
      for (const id of ids) worker.cancelJob(id, 'the lease was lost');
    });
    if (this.#concurrency > 0) worker.concurrency = this.#concurrency;
    else await worker.pause(true);
    if (this.#leaving) return;
    const { cancellations, clock, report } = this.#settings;
    const prepared = Promise.all([clock.measure(), cancellations.listen(this.queue, this)]);
    // Tasks can be taken without; what is missed is looked up with the heartbeat.
    await Promise.race([prepared.catch(report), delay(PREPARE_MS, undefined, { ref: false })]);
    void worker.run().catch(this.#settings.report);
    this.#sweeper.start();
  }

  #takesNothing(): boolean {
    return this.#leaving || this.#concurrency === 0;
  }

  process(job: Job, token: string, lease: Lease): Promise<string> {
    // BullMQ takes one more task after a pause when it was waiting for one.
    if (this.#takesNothing()) return this.#handBack(job, token, PAUSED);
    const id = job.id ?? '';
    // Its lease was lost and it came back here while it still runs: not beside itself.
    if (this.#running.has(id))
      return this.#handBack(job, token, { ...PAUSED, delayMs: this.#settings.leaseMs });
    const task = this.#take(job, token, lease);
    task.readable = this.#worker?.isReadable(job) ?? true;
    return new Promise<string>((resolve, reject) => {
      const end = (verdict: Verdict): void => {
        if (this.#running.get(id)?.task !== task) return;
        this.#running.delete(id);
        task.runMs = performance.now() - task.takenAt;
        task.verdict = verdict;
        if (this.#running.size === 0) this.#onIdle?.();
        if (verdict.kind === 'completed') resolve(toReturnValue(verdict));
        else if (verdict.kind === 'handed-back') this.#handBack(job, token, verdict).catch(reject);
        else reject(new OutcomeError(verdict));
      };
      this.#running.set(id, { task, end });
      const careful = this.#careful.isNeeded(task, id);
      const attempt = careful ? this.#careful.run(task, id) : this.#options.run(task);
      void attempt.then((verdict) => end(task.isBrokenOff ? asLeaving(verdict) : verdict));
    });
  }

  #take(job: Job, token: string, lease: Lease): TakenJob {
    return new TakenJob({ queue: this.queue, job, token, lease, report: this.#report });
  }

  readonly #report: TakenJob['report'] extends (news: infer News) => Promise<void>
    ? (task: TakenJob, news: News) => Promise<void>
    : never = (task, news) => {
    const { redis, prefix } = this.#settings;
    const unique = bullJobId(task.id) ?? '';
    return tellNews(redis, { prefix, queue: this.queue, unique, token: task.token }, news);
  };

  running(): readonly string[] {
    return [...this.#running.keys()];
  }

  /** The slot is free at once, though the handler may go on: what it still returns or throws is dropped. */
  cancel(unique: string, reason: string): boolean {
    const running = this.#running.get(unique);
    if (!running) return false;
    running.task.abort(cancelledError(reason));
    running.end({ kind: 'cancelled', failure: cancelledFailure(reason) });
    return true;
  }

  /** Always throws: BullMQ is told of it by an exception. */
  async #handBack(job: Job, token: string, verdict: HandBack): Promise<never> {
    const { redis, prefix } = this.#settings;
    const key = queueKey(prefix, this.queue, job.id ?? '');
    await putBack(job, verdict, { redis, key, token, now: this.now() });
    this.givenBack(job, verdict);
    throw verdict.delayMs > 0 ? new DelayedError() : new WaitingError();
  }

  now(): number {
    return this.#settings.clock.now();
  }

  recorded(job: Job, recorded: UnhappyOutcome | typeof COMPLETED): void {
    const task = takenTaskOf(job) ?? this.#take(job, '', new Lease());
    const outcome = recorded.kind === 'completed' ? (task.verdict as TaskOutcome) : recorded;
    this.#options.listener.settled(task, outcome, task.runMs);
    if (outcome.kind === 'retry') lookForWish(this.#settings, task.id);
    else afterEnd(this.#settings, { job, task, outcome });
  }

  givenBack(job: Job, verdict: HandBack): void {
    const task = takenTaskOf(job);
    if (!task) return;
    this.#options.listener.settled(task, verdict, task.runMs);
    if (verdict.delayMs > 0) lookForWish(this.#settings, task.id);
  }

  lost(job: Job, error: unknown): void {
    const task = takenTaskOf(job);
    if (task && isLeaseLost(error)) this.#options.listener.leaseLost(task);
    else this.#settings.report(error);
  }

  async #stop(graceMs: number): Promise<void> {
    await this.quiet();
    this.#sweeper.stop();
    await this.#idle(graceMs);
    const reason = new GoflowError('WORKER_STOPPED', 'the worker is stopping');
    for (const { task } of this.#running.values()) task.breakOff(reason);
    await this.#idle(LINGER_MS);
    for (const { end } of this.#running.values())
      end({ kind: 'handed-back', reason: 'stopping', delayMs: 0 });
    await this.#close();
  }

  /** Resolves when nothing runs, at the latest after `ms`. */
  async #idle(ms: number): Promise<void> {
    if (this.#running.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
      this.#onIdle = resolve;
    });
    clearTimeout(timer);
    this.#onIdle = undefined;
  }

  async #close(): Promise<void> {
    const worker = this.#worker;
    if (worker) await closeWorker(worker, LEAVE_MS).catch(this.#settings.report);
    this.#closed.abort();
    await this.#starting?.catch(() => undefined);
  }
}

/** An attempt that ended because the worker broke it off is none: the task goes back as it was. */
function asLeaving(verdict: Verdict): Verdict {
  if (verdict.kind === 'completed') return verdict;
  return { kind: 'handed-back', reason: 'stopping', delayMs: 0 };
}
