import type { TaskFailure } from '../errors/task-failure.js';

/** How one attempt ended. A value inside goflow; only an adapter knows what its engine makes of it. */
export type TaskOutcome =
  /** The handler returned. `resultJson` is its result on the wire; `undefined` when it returned nothing. */
  | { readonly kind: 'completed'; readonly resultJson: string | undefined }
  /** The attempt failed and the task is tried again after `delayMs`. */
  | { readonly kind: 'retry'; readonly failure: TaskFailure; readonly delayMs: number }
  /** The task failed for good. */
  | { readonly kind: 'failed'; readonly failure: TaskFailure };

/**
 * The attempt did not take place, or was broken off by the worker's own leaving: the task goes back to its queue and no
 * attempt is spent. With `delayMs` 0 it is the next one to be taken.
 */
export interface HandBack {
  readonly kind: 'handed-back';
  readonly reason: 'stopping' | 'paused' | 'handler-missing';
  readonly delayMs: number;
}

/** What running a taken task came to. */
export type Verdict = TaskOutcome | HandBack;
