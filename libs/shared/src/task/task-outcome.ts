import type { TaskFailure } from '../errors/task-failure.js';

/** How one attempt ended. A value inside goflow; only an adapter knows what its engine makes of it. */
export type TaskOutcome =
  /**
   * The handler returned. `resultJson` is its result on the wire; `undefined` when it returned nothing. `isStored`: it lies in the
   * result store, and the task only refers to it.
   */
  | {
      readonly kind: 'completed';
      readonly resultJson: string | undefined;
      readonly isStored?: true;
    }
  /** The attempt failed and the task is tried again after `delayMs`. */
  | { readonly kind: 'retry'; readonly failure: TaskFailure; readonly delayMs: number }
  /**
   * The task ended without a result: it failed for good, was cancelled, or was not started in time. `isUnspent`: it ended before this
   * attempt began, and so no attempt is counted.
   */
  | {
      readonly kind: 'failed' | 'cancelled' | 'expired';
      readonly failure: TaskFailure;
      readonly isUnspent?: true;
    };

/** How an attempt ended that did not complete. */
export type UnhappyOutcome = Exclude<TaskOutcome, { readonly kind: 'completed' }>;

/** Why a task goes back to its queue without an attempt being spent. */
export type HandBackReason =
  /** The worker leaves. */
  | 'stopping'
  /** The worker takes nothing. */
  | 'paused'
  /** There is no handler here. */
  | 'handler-missing'
  /** The handler asked to be called later, and not to have it counted. */
  | 'snoozed'
  /** The result could not be stored. */
  | 'store-away'
  /** The key that its payload is encrypted with is not here. */
  | 'key-missing'
  /** It was pushed by a newer release, and this one does not understand it. */
  | 'envelope-newer';

/**
 * The attempt did not take place, or does not count: the task goes back to its queue and no attempt is spent. With `delayMs` 0
 * it is the next one to be taken.
 */
export interface HandBack {
  readonly kind: 'handed-back';
  readonly reason: HandBackReason;
  readonly delayMs: number;
}

/** What running a taken task came to. */
export type Verdict = TaskOutcome | HandBack;
