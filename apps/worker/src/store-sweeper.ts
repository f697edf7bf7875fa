import {
  type Clock,
  type ClockTimer,
  type Logger,
  type ResultStore,
  toFailure,
} from '@goflow/shared';

const EVERY_MS = 60_000;

/** Lets a result store free what is past its time, once a minute. A failure is logged; the next comes at its turn. */
export class StoreSweeper {
  readonly #store: ResultStore | undefined;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #timer: ClockTimer;
  #isStopped = false;

  constructor(store: ResultStore | undefined, clock: Clock, logger: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
  }

  start(): void {
    // By chance at first, so that workers started together do not sweep together.
    if (this.#store?.sweep) this.#later(EVERY_MS * Math.random());
  }

  stop(): void {
    this.#isStopped = true;
    this.#clock.cancel(this.#timer);
  }

  #later(ms: number): void {
    if (!this.#isStopped) this.#timer = this.#clock.after(ms, () => void this.#sweep());
  }

  async #sweep(): Promise<void> {
    try {
      await this.#store?.sweep?.();
    } catch (error) {
      const failure = toFailure(error, 'RESULT_STORE_AWAY');
      this.#logger.warn({ failure }, 'the result store could not be swept');
    }
    this.#later(EVERY_MS);
  }
}
