import type { Clock, ClockTimer } from '@goflow/shared';

/** After a pause, so much of a second may be made up for at once. */
const MAX_CATCH_UP_MS = 100;
const SECOND_MS = 1_000;

/**
 * Lets so many things happen a second, counted by the time that has passed: a timer that fires late makes up for it. It never lets more
 * than a tenth of a second's worth (or one) happen at once, however long nobody asked, or wherever the clock jumps.
 */
export class Pace {
  readonly #clock: Clock;
  readonly #perMs: number;
  readonly #most: number;
  /** What may happen now. */
  #allowed = 1;
  #countedAt: number;

  /** @param perSecond above 0 */
  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perMs = perSecond / SECOND_MS;
    this.#most = Math.max(1, this.#perMs * MAX_CATCH_UP_MS);
    this.#countedAt = clock.now();
  }

  /** Resolves when something may happen, with how many, 1 to `most`; with 0 when the signal aborts. */
  async take(most: number, signal?: AbortSignal): Promise<number> {
    this.#count();
    while (this.#allowed < 1) {
      if (signal?.aborted) return 0;
      await this.#sleep(Math.ceil((1 - this.#allowed) / this.#perMs), signal);
      this.#count();
    }
    if (signal?.aborted) return 0;
    const taken = Math.min(most, Math.floor(this.#allowed));
    this.#allowed -= taken;
    return taken;
  }

  #count(): void {
    const now = this.#clock.now();
    const passedMs = Math.max(now - this.#countedAt, 0);
    this.#countedAt = now;
    this.#allowed = Math.min(this.#allowed + passedMs * this.#perMs, this.#most);
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      let timer: ClockTimer;
      const end = (): void => {
        this.#clock.cancel(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      signal?.addEventListener('abort', end);
      timer = this.#clock.after(ms, end);
    });
  }
}
