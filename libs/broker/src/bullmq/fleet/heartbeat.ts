import type { WorkerAdvert } from '@goflow/shared';
import type { Fleet } from './fleet.js';
import type { RedisClock } from './redis-clock.js';

/** Three fit into the time that a worker counts as alive. */
const EVERY_MS = 4_000;
const JITTER = 0.1;

const LEAVE_MS = 500;

/** From here on a clock is told to be wrong. */
const MAX_SKEW_MS = 1_000;
const SKEW_TOLD_EVERY_MS = 600_000;

/** What a {@link Heartbeat} is made with. */
export interface HeartbeatOptions {
  readonly fleet: Fleet;
  readonly clock: RedisClock;
  /** Told of beats that fail, and of a clock that is wrong. */
  readonly report: (error: unknown) => void;
  /** Told how long Redis took to answer a beat. @default nobody */
  readonly onAnswered?: ((roundTripMs: number) => void) | undefined;
}

/**
 * Keeps one worker in the fleet: a sign of life every 4 s, never two at a time. One that fails is reported, and the next comes at its
 * turn. Each beat measures the clock, too. It does not keep the process alive.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #listeners: (() => void | Promise<void>)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #name: string | undefined;
  #advert: (() => WorkerAdvert) | undefined;
  #isDue = false;
  #skewToldAt = Number.NEGATIVE_INFINITY;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Calls `listener` after each beat that succeeded. What it throws is reported. */
  onBeat(listener: () => void | Promise<void>): void {
    this.#listeners.push(listener);
  }

  /** Beats at once and then every 4 s, give or take 10 %. A second call, and one after {@link stop}, does nothing. */
  start(advert: () => WorkerAdvert): void {
    if (this.#turn || this.#stopping) return;
    this.#advert = advert;
    this.#take(advert);
  }

  /** Beats now, out of turn; after the one that is on its way. Before {@link start} and after {@link stop} it does nothing. */
  hurry(): void {
    if (!this.#advert || this.#stopping) return;
    if (this.#timer === undefined) this.#isDue = true;
    else {
      clearTimeout(this.#timer);
      this.#take(this.#advert);
    }
  }

  /** Leaves the fleet and beats no more. Always ends, within 500 ms. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  #take(advert: () => WorkerAdvert): void {
    this.#timer = undefined;
    this.#isDue = false;
    this.#turn = this.#beat(advert).then(() => {
      if (this.#stopping) return;
      if (this.#isDue) return this.#take(advert);
      const ms = EVERY_MS * (1 + JITTER * (2 * Math.random() - 1));
      this.#timer = setTimeout(() => this.#take(advert), ms);
      this.#timer.unref();
    });
  }

  async #beat(advert: () => WorkerAdvert): Promise<void> {
    const { fleet, clock, onAnswered } = this.#options;
    try {
      const told = advert();
      this.#name = told.name;
      const sentAt = performance.now();
      const now = await fleet.beat(told);
      const answeredAt = performance.now();
      clock.observe(now, sentAt, answeredAt);
      onAnswered?.(answeredAt - sentAt);
    } catch (error) {
      this.#report(error);
      return;
    }
    if (this.#stopping) return;
    this.#checkSkew();
    for (const listener of this.#listeners) void this.#tell(listener);
  }

  async #tell(listener: () => void | Promise<void>): Promise<void> {
    try {
      await listener();
    } catch (error) {
      this.#report(error);
    }
  }

  #checkSkew(): void {
    const { skewMs } = this.#options.clock;
    if (Math.abs(skewMs) <= MAX_SKEW_MS) {
      this.#skewToldAt = Number.NEGATIVE_INFINITY;
      return;
    }
    if (performance.now() - this.#skewToldAt < SKEW_TOLD_EVERY_MS) return;
    this.#skewToldAt = performance.now();
    this.#report(new Error(skewText(skewMs)));
  }

  #report(error: unknown): void {
    // What fails while the connection is being closed is no news.
    if (!this.#stopping) this.#options.report(error);
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#timer);
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LEAVE_MS);
    });
    await Promise.race([this.#leave(), patience]);
    clearTimeout(timer);
  }

  async #leave(): Promise<void> {
    // A beat that is still on its way would bring the worker back.
    await this.#turn;
    if (this.#name === undefined) return;
    await this.#options.fleet.leave(this.#name).catch(() => undefined);
  }
}

function skewText(skewMs: number): string {
  const seconds = (Math.abs(skewMs) / 1_000).toFixed(1);
  const direction = skewMs > 0 ? 'ahead of' : 'behind';
  return (
    `this machine's clock is ${direction} Redis's by ${seconds} s: delayed tasks may start too early or too late. ` +
    'Keep the clocks of all machines in step with a time service (chrony, NTP).'
  );
}
