import type { Logger, WorkerEventSource } from '@goflow/shared';

/** What a {@link LoopWatch} needs. */
export interface LoopWatchOptions {
  readonly events: WorkerEventSource;
  readonly logger: Logger;
  /** How long a task stays the worker's without a sign of life. */
  readonly leaseMs: number;
  /** Told about ten times a second how many milliseconds have passed since it was told last. @default nobody */
  readonly onTick?: ((ms: number) => void) | undefined;
}

const TICK_MS = 100;
/** For so long a type is remembered, at least. */
const REMEMBERED_MS = 60_000;
const TOLD_EVERY_MS = 60_000;
/** The last minute is kept in so many parts. */
const PARTS = 6;
const PART_MS = 10_000;
/** Anybody can put jobs of made-up types into a queue. */
const MAX_TYPES = 50;

/**
 * Sees how late the event loop of a worker is. A handler that computes without a pause keeps all others waiting, and the signs of life of this worker:
 * from half a lease on that is told, once a minute, with the types of which tasks began of late, among which it is.
 */
export class LoopWatch {
  readonly #options: LoopWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #tickedAt = 0;
  #maxLagMs = 0;
  /** The most of each part of the last minute, the newest first. */
  #parts = [0];
  #partBegunAt = performance.now();
  #begun = new Set<string>();
  #begunBefore = new Set<string>();
  #forgottenAt = performance.now();
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(options: LoopWatchOptions) {
    this.#options = options;
    options.events.on('task:started', ({ task: { type } }) => {
      if (this.#begun.size < MAX_TYPES) this.#begun.add(type);
    });
  }

  start(): void {
    this.#tickedAt = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** How late the event loop was at most since the last time, in milliseconds. To be asked every few seconds. */
  read(): number {
    const lagMs = Math.round(this.#maxLagMs);
    this.#maxLagMs = 0;
    this.#tell(lagMs);
    this.#forget();
    return lagMs;
  }

  /** How late it was at most in the last minute, in milliseconds. To ask changes nothing: there may be several who do. */
  get worstMs(): number {
    return Math.max(...this.#parts);
  }

  /** Not Node's histogram: read and reset by a timer that comes first after a block, it forgets that block. */
  #tick(): void {
    const now = performance.now();
    const lagMs = now - this.#tickedAt - TICK_MS;
    this.#maxLagMs = Math.max(this.#maxLagMs, lagMs);
    this.#options.onTick?.(now - this.#tickedAt);
    this.#tickedAt = now;
    if (now - this.#partBegunAt >= PART_MS) {
      this.#parts = [0, ...this.#parts.slice(0, PARTS - 1)];
      this.#partBegunAt = now;
    }
    this.#parts[0] = Math.max(this.#parts[0] ?? 0, lagMs);
  }

  #tell(lagMs: number): void {
    const { leaseMs, logger } = this.#options;
    const now = performance.now();
    if (lagMs <= leaseMs / 2 || now - this.#toldAt < TOLD_EVERY_MS) return;
    this.#toldAt = now;
    const types = [...new Set([...this.#begun, ...this.#begunBefore])].sort();
    logger.warn(
      { component: 'event-loop', lagMs, leaseMs, types },
      'a handler blocked the event loop for longer than half a lease: let it pause, or run it in a thread',
    );
  }

  #forget(): void {
    const now = performance.now();
    if (now - this.#forgottenAt < REMEMBERED_MS) return;
    this.#forgottenAt = now;
    this.#begunBefore = this.#begun;
    this.#begun = new Set();
  }
}
