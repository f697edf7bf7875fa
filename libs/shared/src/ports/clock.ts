/** A timer that a {@link Clock} has set. Opaque. */
export type ClockTimer = unknown;

/** Where goflow gets the time from: the broker's own, so that all processes agree, and so that a test can turn it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `callback` once, after `ms` milliseconds, at most 2^31 - 1. */
  after(ms: number, callback: () => void): ClockTimer;
  /** Takes a timer back; one that has fired or is `undefined` does no harm. */
  cancel(timer: ClockTimer): void;
}
