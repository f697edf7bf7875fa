import { type BackoffOptions, type ResolvedBackoffOptions, resolveBackoff } from './backoff.js';
import { type Duration, toMs } from './duration.js';
import { checkInteger, checkKnown, invalidOption } from './invalid-option.js';

/** What one push may say about its task. What it does not say, the contract of the type says at the worker. */
export interface PushOptions {
  /** How long the task waits before a worker may take it, at most 2^31 - 1 ms. @default 0 */
  readonly delay?: Duration | undefined;
  /**
   * 0 to 2,097,152. 0 has no priority and is taken first, in the order of pushing; of the others the lower number is
   * taken first, as in BullMQ. Priorities cost a little speed. @default 0
   */
  readonly priority?: number | undefined;
  /** How often the task is tried in all, the first included: 1 to 1,000. @default that of the contract, else 3 */
  readonly maxAttempts?: number | undefined;
  /** The wait between two attempts. @default that of the contract, else exponential from 1 s */
  readonly backoff?: BackoffOptions | Duration | undefined;
}

/** {@link PushOptions} checked; only what was given is there, so that only that is stored with the task. */
export interface ResolvedPushOptions {
  readonly delayMs?: number;
  readonly priority?: number;
  readonly maxAttempts?: number;
  readonly backoff?: ResolvedBackoffOptions;
}

/** The highest priority number that BullMQ sorts correctly: 2^21. */
export const MAX_PRIORITY = 2 ** 21;
/** The most attempts that a task may have. */
export const MAX_ATTEMPTS = 1_000;

const NONE: ResolvedPushOptions = Object.freeze({});
const KNOWN = ['delay', 'priority', 'maxAttempts', 'backoff'];

/** @throws OPTION_INVALID naming the option: it is refused, never repaired. */
export function resolvePushOptions(given: PushOptions | undefined): ResolvedPushOptions {
  if (given === undefined) return NONE;
  if (typeof given !== 'object' || given === null)
    throw invalidOption('options', 'an object', given);
  checkKnown('push options', given, KNOWN);
  return {
    ...(given.delay === undefined ? {} : { delayMs: toMs('delay', given.delay) }),
    ...(given.priority === undefined
      ? {}
      : { priority: checkInteger('priority', given.priority, [0, MAX_PRIORITY]) }),
    ...(given.maxAttempts === undefined
      ? {}
      : { maxAttempts: checkInteger('maxAttempts', given.maxAttempts, [1, MAX_ATTEMPTS]) }),
    ...(given.backoff === undefined ? {} : { backoff: resolveBackoff(given.backoff) }),
  };
}
