import type { IQueueBackend } from 'bullmq';

const EVERY_MS = 60_000;
const PER_CALL = 1_000;

/** What is swept, and how long it is kept. */
export interface SweepOptions {
  readonly backend: () => IQueueBackend | undefined;
  readonly retention: { readonly completedMs: number; readonly failedMs: number };
  readonly report: (error: unknown) => void;
}

/**
 * Every minute: 1. removes the tasks of one queue that finished longer ago than any type's retention, in small bites, 2. reports
 * a failure and carries on. Here and not at each completion, as BullMQ would do it: that costs every task a search, and leaves
 * an idle queue full.
 */
export class RetentionSweeper {
  readonly #options: SweepOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  start(): void {
    // By chance at first, so that workers started together do not sweep together.
    this.#timer ??= setTimeout(() => void this.#run(), EVERY_MS * Math.random());
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Sweeps once, now. */
  async sweep(now = Date.now()): Promise<number> {
    const backend = this.#options.backend();
    if (!backend) return 0;
    const { completedMs, failedMs } = this.#options.retention;
    return (
      (await remove(backend, 'completed', now - completedMs)) +
      (await remove(backend, 'failed', now - failedMs))
    );
  }

  async #run(): Promise<void> {
    await this.sweep().catch(this.#options.report);
    if (!this.#timer) return;
    this.#timer = setTimeout(() => void this.#run(), EVERY_MS);
    this.#timer.unref();
  }
}

async function remove(
  backend: IQueueBackend,
  state: 'completed' | 'failed',
  before: number,
): Promise<number> {
  let total = 0;
  for (;;) {
    const removed = await backend.cleanJobsByState(state, before, PER_CALL);
    total += removed.length;
    if (removed.length < PER_CALL) return total;
  }
}
