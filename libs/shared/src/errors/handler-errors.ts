import { type Duration, toMs } from '../options/duration.js';
import { GoflowError, type GoflowErrorOptions } from './goflow-error.js';

/**
 * Thrown by a handler to fail the task at once: it is never tried again (`NON_RETRYABLE`).
 *
 * @example throw new NonRetryableError('card expired', { details: { card: 'visa' } });
 */
export class NonRetryableError extends GoflowError {
  override readonly name = 'NonRetryableError';

  constructor(message: string, options: GoflowErrorOptions = {}) {
    super('NON_RETRYABLE', message, options);
  }
}

/** Options of {@link RetryLaterError}. */
export interface RetryLaterOptions extends GoflowErrorOptions {
  /** The wait before the next attempt, instead of the task's backoff. */
  readonly delay: Duration;
  /** False to snooze: the task is tried again without an attempt being spent. Only its `deadline` ends that. @default true */
  readonly counted?: boolean | undefined;
}

/**
 * Thrown by a handler to be tried again after a delay of its own choice (`RETRY_LATER`). It counts as an
 * attempt, and after `maxAttempts` the task fails; unless it says `counted: false`.
 *
 * @example throw new RetryLaterError('rate limited', { delay: '90s' });
 * @throws OPTION_INVALID when `delay` is no duration of at most 2^31 - 1 ms.
 */
export class RetryLaterError extends GoflowError {
  override readonly name = 'RetryLaterError';
  readonly delayMs: number;
  readonly counted: boolean;

  constructor(message: string, options: RetryLaterOptions) {
    super('RETRY_LATER', message, options);
    this.delayMs = toMs('delay', options?.delay);
    this.counted = options?.counted !== false;
  }
}
