import type { TaskFailure } from '../errors/task-failure.js';
import { type Duration, MAX_TIMER_MS, toMs } from './duration.js';
import { checkKnown, invalidOption } from './invalid-option.js';

/** The wait between two attempts. */
export interface BackoffOptions {
  /** `fixed`: always `delay`. `exponential`: `delay`, then twice that, four times that … */
  readonly type: 'fixed' | 'exponential';
  /** The first wait. */
  readonly delay: Duration;
  /**
   * The share of each wait that is drawn by chance, 0 to 1: with 0.5 a wait of 8 s becomes 4 to 8 s. It keeps tasks
   * that failed together from coming back together. @default 0
   */
  readonly jitter?: number | undefined;
  /** The longest wait; not shorter than `delay`. @default '1h', or `delay` where that is longer */
  readonly maxDelay?: Duration | undefined;
}

/**
 * Says how long to wait after a failed attempt (1, 2, …). It is part of a contract, not of a push: functions cannot be sent. What it
 * throws, or gives that is no duration, is logged, and the default is used.
 */
export type BackoffFunction = (attempt: number, failure: TaskFailure) => Duration;

/** {@link BackoffOptions} with defaults filled in and durations in milliseconds. */
export interface ResolvedBackoffOptions {
  readonly type: 'fixed' | 'exponential';
  readonly delayMs: number;
  readonly jitter: number;
  readonly maxDelayMs: number;
}

/** Tried again after 1 s, 2 s, 4 s …, half of it by chance, at most an hour: the same as BullMQ's users write by hand. */
export const DEFAULT_BACKOFF: ResolvedBackoffOptions = Object.freeze({
  type: 'exponential',
  delayMs: 1_000,
  jitter: 0.5,
  maxDelayMs: 3_600_000,
});

/** @throws OPTION_INVALID naming the field; `name` is what `given` itself is called. */
export function resolveBackoff(
  given: BackoffOptions | Duration | undefined,
  name = 'backoff',
): ResolvedBackoffOptions {
  if (given === undefined) return DEFAULT_BACKOFF;
  if (typeof given !== 'object' || given === null) return always(toMs(name, given));
  checkKnown(name, given, ['type', 'delay', 'jitter', 'maxDelay']);
  if (given.type !== 'fixed' && given.type !== 'exponential')
    throw invalidOption(`${name}.type`, "'fixed' or 'exponential'", given.type);
  const jitter = given.jitter ?? 0;
  if (typeof jitter !== 'number' || !(jitter >= 0 && jitter <= 1))
    throw invalidOption(`${name}.jitter`, 'a number from 0 to 1', jitter);
  const delayMs = toMs(`${name}.delay`, given.delay);
  const longest = given.maxDelay ?? Math.max(DEFAULT_BACKOFF.maxDelayMs, delayMs);
  const maxDelayMs = toMs(`${name}.maxDelay`, longest, { minMs: delayMs });
  return Object.freeze({ type: given.type, delayMs, jitter, maxDelayMs });
}

function always(delayMs: number): ResolvedBackoffOptions {
  return Object.freeze({ type: 'fixed', delayMs, jitter: 0, maxDelayMs: MAX_TIMER_MS });
}

/** The wait after attempt number `attempt` (1, 2, …) failed, in milliseconds. `random` is in [0, 1). */
export function backoffDelayMs(
  backoff: ResolvedBackoffOptions,
  attempt: number,
  random: number,
): number {
  const factor = backoff.type === 'exponential' ? 2 ** (attempt - 1) : 1;
  const full = Math.min(backoff.delayMs * factor, backoff.maxDelayMs);
  return Math.round(full * (1 - backoff.jitter * random));
}
