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
import { GoflowError, type TaskFailure } from '@goflow/shared';
import { DelayedError, type Job, WaitingError } from 'bullmq';
import { afterEnd } from './after-end.js';
import { Begun } from './begun.js';
import type { WorkerSettings } from './build-worker.js';
import { type COMPLETED, isLeaseLost, type JobListener, OutcomeError } from './bull-worker.js';
import type { CancelListener } from './cancellations.js';
import { CarefulStart } from './careful-start.js';
import { payloadsOf } from './chunks/chunk-job.js';
import { ChunkSlots, type TakenChunk } from './chunks/chunk-slots.js';
import { toReturnValue } from './job-codec.js';
import { queueKey } from './keys.js';
import { lookForWish } from './late-cancel.js';
import { Lease } from './lease.js';
import { nextWaiting } from './next-waiting.js';
import { putBack } from './put-back.js';
import { readCounts } from './queue-counts.js';
import { isReady } from './redis-connection.js';
import { brokerUnavailable } from './redis-reply-error.js';
import { RetentionSweeper } from './retention-sweeper.js';
import { RunningTasks } from './running-tasks.js';
import { StuckWatch } from './stuck-watch.js';
import { Suspects } from './suspects.js';
import { TakenJob, type Taking, takenTaskOf } from './taken-job.js';
import { Takeovers } from './takeovers.js';
import { newsTeller } from './task-news.js';
import { TendedWorker } from './tended-worker.js';

/** After the abort, a handler that heeds `ctx.signal` may still end by itself for this long. */
const LINGER_MS = 400;
/** Handing back and closing get this long each; a server that does not answer is left. */
const LEAVE_MS = 600;
/** For so long the same task may wait to be taken; less where leases are shorter. */
const STUCK_MS = 30_000;
/** A worker does not wait longer for what it can do without. */
const PREPARE_MS = 2_000;
const PAUSED: HandBack = { kind: 'handed-back', reason: 'paused', delayMs: 0 };

/** One queue, consumed through BullMQ. */
export class BullMqConsumer implements Consumer, JobListener, CancelListener {
  readonly queue: string;
  readonly #options: ConsumeOptions;
  readonly #settings: WorkerSettings;
  readonly #sweeper: RetentionSweeper;
  readonly #running = new RunningTasks();
  readonly #closed = new AbortController();
  readonly #careful: CarefulStart;
  readonly #chunks: ChunkSlots;
  readonly #report: Taking['report'];
  readonly #tended: TendedWorker;
  readonly #stuck: StuckWatch;
  #concurrency: number;
  #taken = 0;
  #leaving = false;
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
    const suspects = new Suspects(settings, queue);
    const begun = new Begun(settings, queue);
    const takeovers = new Takeovers(settings, queue);
    const known = { begun, cancellations, suspects, takeovers };
    this.#careful = new CarefulStart({ ...known, worker, run, report });
    this.#report = newsTeller(settings, queue);
    this.#chunks = new ChunkSlots({
      queue,
      worker,
      settings,
      running: this.#running,
      report: this.#report,
      signal: this.#closed.signal,
      attempt: (task, unique) => this.#attempt(task, unique),
      // This one included, there may be more slots in use than there shall be.
      takesNothing: () => this.#takesNothing() || this.#running.slots > this.#concurrency,
      settled: (task, verdict, runMs) => options.listener.settled(task, verdict, runMs),
      leaseLost: (task) => options.listener.leaseLost(task),
    });
    this.#tended = new TendedWorker(this, {
      ...settings,
      queue,
      name: worker,
      signal: this.#closed.signal,
      quiet: () => this.#takesNothing(),
      concurrency: () => this.#concurrency,
    });
    this.#stuck = new StuckWatch({
      stuckAfterMs: Math.min(STUCK_MS, settings.leaseMs),
      taken: () => this.#taken,
      canTake: () => !this.#takesNothing() && this.#running.slots < this.#concurrency,
      next: () => nextWaiting(redis, prefix, queue),
      replace: () => this.#tended.replace(),
      replaced: () => options.listener.rebuilt?.(),
    });
  }

  get concurrency(): number {
    return this.#concurrency;
  }

  get active(): number {
    return this.#running.size;
  }

  get activeTypes(): readonly string[] {
    return this.#running.types;
  }

  get slots(): number {
    return this.#running.slots;
  }

  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  isConsuming(): boolean {
    const worker = this.#tended.current;
    if (!worker || this.#leaving || !isReady(this.#settings.redis)) return false;
    const isBusy = this.#running.slots >= this.#concurrency;
    return this.#takesNothing() || (worker.isRunning() && (isBusy || this.#tended.isHearing));
  }

  get isStuck(): boolean {
    return this.#stuck.isStuck && !this.#takesNothing();
  }

  /** Sees to it that tasks are taken; to be called with every sign of life. */
  async look(): Promise<void> {
    if (this.#tended.current && !this.#leaving) await this.#stuck.look();
  }

  async setConcurrency(concurrency: number): Promise<void> {
    this.#concurrency = concurrency;
    if (!this.#leaving) await this.#tended.adjust();
  }

  async quiet(): Promise<void> {
    this.#leaving = true;
    await this.#tended.leave();
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
    const { cancellations, clock, report, ready, allowed } = this.#settings;
    // While the worker connects. Tasks can be taken without; what is missed is looked up with the heartbeat.
    const listening = cancellations.listen(this.queue, this).catch(report);
    const worker = await this.#tended.build();
    if (!worker || this.#leaving) return;
    const prepared = Promise.all([clock.measure().catch(report), listening, ready?.()]);
    await Promise.race([prepared, delay(PREPARE_MS, undefined, { ref: false })]);
    await allowed?.(this.#closed.signal);
    if (this.#leaving) return;
    await this.#tended.begin();
    this.#sweeper.start();
  }

  #takesNothing(): boolean {
    return this.#leaving || this.#concurrency === 0;
  }

  process(job: Job, token: string, lease: Lease): Promise<string> {
    this.#taken += 1;
    // BullMQ takes one more task after a pause when it was waiting for one.
    if (this.#takesNothing()) return this.#handBack(job, token, PAUSED);
    const id = job.id ?? '';
    // Its lease was lost and it came back here while it still runs: not beside itself.
    if (this.#running.has(id))
      return this.#handBack(job, token, { ...PAUSED, delayMs: this.#settings.leaseMs });
    const payloads = payloadsOf(job);
    if (payloads) return this.#runChunk({ job, payloads, token, lease });
    const task = this.#take(job, token, lease);
    task.readable = this.#tended.isReadable(job);
    return new Promise<string>((resolve, reject) => {
      const ended = (verdict: Verdict): void => {
        if (verdict.kind === 'completed') resolve(toReturnValue(verdict));
        else if (verdict.kind === 'handed-back') this.#handBack(job, token, verdict).catch(reject);
        else reject(new OutcomeError(verdict));
      };
      this.#running.begin(id, { task, run: () => this.#attempt(task, id), ended });
    });
  }

  async #runChunk(taken: TakenChunk): Promise<string> {
    const handBack = await this.#chunks.run(taken);
    if (handBack) return this.#handBack(taken.job, taken.token, handBack);
    return toReturnValue({ kind: 'completed', resultJson: undefined });
  }

  failChunk(job: Job, token: string, failure: TaskFailure): Promise<string> | undefined {
    const payloads = payloadsOf(job);
    return payloads && this.#runChunk({ job, payloads, token, lease: new Lease(), failure });
  }

  #attempt(task: TakenJob, unique: string): Promise<Verdict> {
    const isCareful = this.#careful.isNeeded(task, unique);
    return isCareful ? this.#careful.run(task, unique) : this.#options.run(task);
  }

  #take(job: Job, token: string, lease: Lease): TakenJob {
    return new TakenJob({ queue: this.queue, job, token, lease, report: this.#report });
  }

  running(): readonly string[] {
    return [...this.#running.uniques];
  }

  hasChunks(): boolean {
    return this.#chunks.size > 0;
  }

  cancel(unique: string, reason: string): boolean {
    return this.#running.cancel(unique, reason) || this.#chunks.cancel(unique, reason);
  }

  /** Always throws: BullMQ is told of it by an exception. */
  async #handBack(job: Job, token: string, verdict: HandBack): Promise<never> {
    const { redis, prefix } = this.#settings;
    if (verdict.delayMs > 0) await this.#chunks.noteDelayed(job);
    const key = queueKey(prefix, this.queue, job.id ?? '');
    await putBack(job, verdict, { redis, key, token, now: this.now() });
    this.givenBack(job, verdict);
    throw verdict.delayMs > 0 ? new DelayedError() : new WaitingError();
  }

  now(): number {
    return this.#settings.clock.now();
  }

  recorded(job: Job, recorded: UnhappyOutcome | typeof COMPLETED): void {
    if (this.#chunks.ended(job)) return;
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
    this.#chunks.ended(job);
    const task = takenTaskOf(job);
    if (task && isLeaseLost(error)) this.#options.listener.leaseLost(task);
    else this.#settings.report(error);
  }

  async #stop(graceMs: number): Promise<void> {
    await this.quiet();
    this.#sweeper.stop();
    await this.#running.idle(graceMs);
    this.#running.breakOff(new GoflowError('WORKER_STOPPED', 'the worker is stopping'));
    await this.#running.idle(LINGER_MS);
    this.#running.handBack();
    await this.#close();
  }

  async #close(): Promise<void> {
    await this.#tended.close(LEAVE_MS).catch(this.#settings.report);
    this.#closed.abort();
    await this.#starting?.catch(() => undefined);
  }
}
