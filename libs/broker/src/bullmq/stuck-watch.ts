/** What a {@link StuckWatch} looks at, and what it does. */
export interface StuckWatchOptions {
  /** How long the same task may be the next to be taken, while this worker could take it. */
  readonly stuckAfterMs: number;
  /** How many tasks were taken here until now. */
  readonly taken: () => number;
  /** Whether one more could be taken: slots are free, and it is not leaving. Costs nothing. */
  readonly canTake: () => boolean;
  /** The task that is to be taken next; undefined when none is, or the queue may give none away now. */
  readonly next: () => Promise<string | undefined>;
  /** Puts another in the place of what takes the tasks; false when that cannot be now. */
  readonly replace: () => Promise<boolean>;
  /** Told when it was replaced. */
  readonly replaced: () => void;
}

/** The task that was the next to be taken at every look since then. */
interface Waiting {
  readonly id: string;
  readonly since: number;
}

/** After a longer time without a look nothing is known of what was in between: the event loop was blocked, or Redis away. */
const MAX_GAP_MS = 12_000;

/**
 * Notices that tasks wait and are not taken, though Redis answers and slots are free: something in between hangs. What takes the tasks is
 * then rebuilt; when that does not help either, the watch says that this worker is stuck, until it takes a task. In a healthy fleet, where others
 * may be faster, it is never the same task that waits.
 */
export class StuckWatch {
  readonly #options: StuckWatchOptions;
  #taken = 0;
  #waiting: Waiting | undefined;
  #lookedAt = 0;
  #isRebuilt = false;
  #isStuck = false;
  #looking: Promise<void> | undefined;

  constructor(options: StuckWatchOptions) {
    this.#options = options;
  }

  /** True when nothing was taken even by what was rebuilt. */
  get isStuck(): boolean {
    return this.#isStuck && this.#options.taken() === this.#taken;
  }

  /** To be called every few seconds. Asks Redis only when nothing was taken since the last look. Never two at a time. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const { taken, canTake, next } = this.#options;
    if (taken() !== this.#taken) return this.#forget();
    const id = canTake() ? await next() : undefined;
    if (taken() !== this.#taken) return this.#forget();
    const now = performance.now();
    const isGap = now - this.#lookedAt > MAX_GAP_MS;
    this.#lookedAt = now;
    const isSame = id !== undefined && id === this.#waiting?.id && !isGap;
    if (!isSame) this.#waiting = id === undefined ? undefined : { id, since: now };
    else if (now - (this.#waiting?.since ?? now) >= this.#options.stuckAfterMs) {
      this.#waiting = { id, since: now };
      await this.#act();
    }
  }

  async #act(): Promise<void> {
    if (this.#isRebuilt) this.#isStuck = true;
    this.#isRebuilt = true;
    // Also one that is stuck: what hangs may have come back meanwhile.
    if (await this.#options.replace()) this.#options.replaced();
  }

  /** A task was taken: all is well. */
  #forget(): void {
    this.#taken = this.#options.taken();
    this.#waiting = undefined;
    this.#isRebuilt = false;
    this.#isStuck = false;
  }
}
