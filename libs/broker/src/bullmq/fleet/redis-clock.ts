import type { Clock, ClockTimer } from '@goflow/shared';

/** How much an old measurement is worth: its doubt grows by this with every millisecond. Real clocks drift far less. */
const DOUBT_PER_MS = 0.001;

/** What is more doubtful says less than this machine's own clock: a command may have waited for Redis to come back. */
const MAX_DOUBT_MS = 500;

/** Redis' time seen from here. All on performance.now(). */
interface Measurement {
  /** What is to be added to performance.now(). */
  readonly offsetMs: number;
  /** The true offset is at most this far away: half the round trip. */
  readonly doubtMs: number;
  readonly takenAt: number;
}

/** What {@link RedisClock} is made with. */
export interface RedisClockOptions {
  /** Asks Redis for its time, in milliseconds since 1970. */
  readonly time: () => Promise<number>;
}

/**
 * Redis' time without asking for it each time: counted on from the last good measurement by the monotonic clock, so that setting this
 * machine's clock changes nothing. Before the first measurement it is this machine's time.
 */
export class RedisClock implements Clock {
  readonly #time: () => Promise<number>;
  #best: Measurement | undefined;

  constructor({ time }: RedisClockOptions) {
    this.#time = time;
  }

  now(): number {
    return this.#best ? Math.floor(performance.now() + this.#best.offsetMs) : Date.now();
  }

  after(ms: number, callback: () => void): ClockTimer {
    return setTimeout(callback, ms);
  }

  cancel(timer: ClockTimer): void {
    clearTimeout(timer as NodeJS.Timeout | undefined);
  }

  /** By how much this machine's clock is ahead of Redis' (behind: negative), in milliseconds; 0 before the first measurement. */
  get skewMs(): number {
    return this.#best ? Date.now() - this.now() : 0;
  }

  /** Asks Redis once. Rejects with the error of the Redis client. */
  async measure(): Promise<void> {
    const sentAt = performance.now();
    const redisMs = await this.#time();
    this.observe(redisMs, sentAt, performance.now());
  }

  /**
   * Takes what Redis said its time was, somewhere between two readings of performance.now(). Passed over when the round trip took
   * over 1 s, or was long and a better one was not long ago.
   */
  observe(redisMs: number, sentAt: number, receivedAt: number): void {
    // Half a millisecond, as whole ones are told.
    const measured = {
      offsetMs: redisMs + 0.5 - (sentAt + receivedAt) / 2,
      doubtMs: (receivedAt - sentAt) / 2 + 0.5,
      takenAt: receivedAt,
    };
    if (measured.doubtMs > MAX_DOUBT_MS) return;
    if (!this.#best || isBetter(measured, this.#best)) this.#best = measured;
  }
}

/** Less doubtful than the old one is by now; or both cannot be true, and so Redis' clock was set, or another server took over. */
function isBetter(measured: Measurement, old: Measurement): boolean {
  const oldDoubtMs = old.doubtMs + (measured.takenAt - old.takenAt) * DOUBT_PER_MS;
  const apartMs = Math.abs(measured.offsetMs - old.offsetMs);
  return measured.doubtMs <= oldDoubtMs || apartMs > measured.doubtMs + oldDoubtMs;
}
