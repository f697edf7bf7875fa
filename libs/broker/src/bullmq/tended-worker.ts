import type { Job } from 'bullmq';
import { type BuildOptions, buildWorker, closeWorker, endBlockingWait } from './build-worker.js';
import type { BullWorker, JobListener } from './bull-worker.js';
import { StalledCheck } from './stalled-check.js';

/** What a {@link TendedWorker} is made with: that of a worker, but that it notes itself when Redis answers. */
export interface TendedOptions extends Omit<BuildOptions, 'alive'> {
  /** Tasks at once; 0 takes nothing. */
  readonly concurrency: () => number;
}

/** Idle for longer than this without an answer to the question for tasks, a worker is deaf. */
const DEAF_MS = 20_000;

/** The BullMQ worker of one queue, in whose place another can be put while its tasks go on. */
export class TendedWorker {
  readonly #listener: JobListener;
  readonly #options: TendedOptions & BuildOptions;
  /** Those that take nothing any more and wait for their tasks. */
  readonly #retired = new Set<BullWorker>();
  readonly #stalledCheck: StalledCheck;
  #current: BullWorker | undefined;
  #aliveAt = 0;
  #hasBegun = false;

  constructor(listener: JobListener, options: TendedOptions) {
    this.#listener = listener;
    const alive = (): void => {
      this.#aliveAt = performance.now();
    };
    this.#options = { ...options, alive };
    const { redis, leaseMs, report, concurrency } = options;
    this.#stalledCheck = new StalledCheck({
      redis,
      leaseMs,
      report,
      // BullMQ looks after the others itself.
      worker: () => (concurrency() === 0 ? this.#current : undefined),
    });
  }

  /** The one that takes tasks; undefined until it is built. */
  get current(): BullWorker | undefined {
    return this.#current;
  }

  /** Whether Redis has lately answered the question for tasks: BullMQ asks again after 10 s at most. */
  get isHearing(): boolean {
    return performance.now() - this.#aliveAt < DEAF_MS;
  }

  /** False for a job whose data in Redis is no JSON. */
  isReadable(job: Job): boolean {
    if (this.#current?.isReadable(job) === false) return false;
    return this.#retired.size === 0 || [...this.#retired].every((one) => one.isReadable(job));
  }

  /** Waits for Redis, builds a worker, which is not running yet, and retires the one before it. `undefined` when it closed meanwhile. */
  async build(): Promise<BullWorker | undefined> {
    const worker = await buildWorker(this.#listener, this.#options);
    if (!worker) return undefined;
    // Closed meanwhile.
    if (this.#options.signal.aborted) {
      await closeWorker(worker, 0);
      return undefined;
    }
    worker.on('lockRenewalFailed', (ids: string[]) => {
      for (const id of ids) worker.cancelJob(id, 'the lease was lost');
    });
    const concurrency = this.#options.concurrency();
    if (concurrency > 0) worker.concurrency = concurrency;
    else await worker.pause(true);
    if (this.#current) this.#retire(this.#current);
    this.#current = worker;
    this.#aliveAt = performance.now();
    return worker;
  }

  /** Lets the one that was built take tasks. */
  async begin(): Promise<void> {
    this.#hasBegun = true;
    const worker = this.#current;
    if (!worker || this.#options.signal.aborted) return;
    this.#stalledCheck.start();
    if (this.#options.quiet()) return worker.pause(true);
    worker.concurrency = this.#options.concurrency();
    // Built when it was to take nothing.
    if (worker.isPaused()) return worker.resume();
    void worker.run().catch(this.#options.report);
  }

  /** The concurrency has changed. One that has not begun is told when it does. */
  async adjust(): Promise<void> {
    const worker = this.#current;
    if (!worker || !this.#hasBegun) return;
    const concurrency = this.#options.concurrency();
    if (concurrency > 0) worker.concurrency = concurrency;
    // Pausing and resuming wakes BullMQ's loop, which otherwise sees more slots only when a task ends.
    await this.pause();
    if (!this.#options.quiet()) await worker.resume();
  }

  /** Ends the blocking wait, too, or BullMQ would still take the task that ends it. It connects again by itself. */
  async pause(): Promise<void> {
    const worker = this.#current;
    await worker?.pause(true);
    if (worker && this.#options.quiet()) await endBlockingWait(worker);
  }

  /** Takes nothing any more, for good. */
  leave(): Promise<void> {
    this.#stalledCheck.stop();
    return this.pause();
  }

  /** Puts another in its place, which takes tasks at once. False when it closed meanwhile, and while the last one that was replaced is not gone. */
  async replace(): Promise<boolean> {
    if (this.#retired.size > 0) return false;
    const worker = await this.build();
    if (!worker || this.#options.quiet()) return false;
    void worker.run().catch(this.#options.report);
    return true;
  }

  /** Closes what runs nothing any more; after `ms` its connections are cut. */
  async close(ms: number): Promise<void> {
    this.#stalledCheck.stop();
    const all = [...this.#retired, ...(this.#current ? [this.#current] : [])];
    await Promise.all(all.map((worker) => closeWorker(worker, ms)));
  }

  /** It takes nothing more, its tasks go on and their leases are renewed, and it is closed when the last has settled. */
  #retire(worker: BullWorker): void {
    this.#retired.add(worker);
    worker
      .close()
      .catch(this.#options.report)
      .finally(() => this.#retired.delete(worker));
  }
}
