import { type Clock, type ClockTimer, MAX_TIMER_MS } from '@goflow/shared';

/** What an {@link Alarm} is made of. */
export interface AlarmOptions {
  readonly clock: Clock;
  /** It is time. Called once each time that the alarm is set. */
  readonly ring: (setFor: number) => void;
  /** True when the process need not stay alive for it. @default false */
  readonly isBackground?: boolean;
}

/** One timer for one time at a time, however far away. */
export class Alarm {
  readonly #options: AlarmOptions;
  #setFor: number | undefined;
  #timer: ClockTimer;

  constructor(options: AlarmOptions) {
    this.#options = options;
  }

  /** When it rings, in milliseconds since 1970; `undefined` when it does not. */
  get setFor(): number | undefined {
    return this.#setFor;
  }

  /** Rings at another time than before, or not at all. */
  set(at: number | undefined): void {
    if (at === this.#setFor) return;
    this.#options.clock.cancel(this.#timer);
    this.#timer = undefined;
    this.#setFor = at;
    if (at !== undefined) this.#wait(at);
  }

  #wait(at: number): void {
    const { clock, isBackground } = this.#options;
    const restMs = Math.max(at - clock.now(), 0);
    // A longer timer of Node's would fire at once.
    const isLast = restMs <= MAX_TIMER_MS;
    this.#timer = clock.after(isLast ? restMs : MAX_TIMER_MS, () => {
      if (isLast) this.#fire(at);
      else this.#wait(at);
    });
    if (isBackground) unref(this.#timer);
  }

  #fire(at: number): void {
    this.#timer = undefined;
    this.#setFor = undefined;
    this.#options.ring(at);
  }
}

function unref(timer: ClockTimer): void {
  const { unref: letGo } = (timer ?? {}) as { readonly unref?: unknown };
  if (typeof letGo === 'function') letGo.call(timer);
}
