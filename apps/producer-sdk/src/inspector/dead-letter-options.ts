import { checkInteger, invalidOption } from '@goflow/shared';
import { checkSignal } from '../many/check-signal.js';
import type { BulkFailure } from './bulk-run.js';
import { checkOptions } from './check-options.js';
import type { TaskSummary } from './task-summary.js';

/** Options of {@link GoflowDeadLetters.groups}. */
export interface GroupOptions {
  /** How many dead letters to look at: 1 to 10,000,000. @default 100,000 */
  readonly limit?: number | undefined;
  /** Ends it early, with what it has. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link GoflowDeadLetters.redrive}. */
export interface RedriveOptions {
  /** Takes the place of the payload; checked as that of a push. @default the payload that it has */
  readonly payload?: unknown;
}

/** Options of {@link GoflowDeadLetters.discardAll}. */
export interface DiscardAllOptions {
  /** How many dead letters to take at most: 1 to 10,000,000. @default all */
  readonly limit?: number | undefined;
  /** Ends it early; the answer tells how far it came. */
  readonly signal?: AbortSignal | undefined;
  /** Told at most once a second, and at the end. What it throws is passed over. */
  readonly onProgress?: ((progress: DiscardProgress) => unknown) | undefined;
}

/** Options of {@link GoflowDeadLetters.redriveAll}. */
export interface RedriveAllOptions extends Omit<DiscardAllOptions, 'onProgress'> {
  /** Tasks a second: 1 to 100,000. What the network allows is less than the most. @default 100 */
  readonly rate?: number | undefined;
  /**
   * Makes of each payload the one that takes its place; checked as that of a push. What it throws is the failure of that task, which
   * stays a dead letter, and so does one whose payload cannot be read here (KEY_MISSING, ENVELOPE_UNREADABLE). @default the payload stays
   */
  readonly payload?: ((payload: unknown, task: TaskSummary) => unknown) | undefined;
  /** Told at most once a second, and at the end. What it throws is passed over. */
  readonly onProgress?: ((progress: RedriveProgress) => unknown) | undefined;
}

/** How far a {@link GoflowDeadLetters.redriveAll} has come. */
export interface RedriveProgress {
  /** Tasks that were looked at. */
  readonly examined: number;
  readonly redriven: number;
  /** Tasks that somebody else was faster with, or that have failed only since it began. */
  readonly skipped: number;
  /** Tasks that stay dead letters, because their payload could not be read, or their new one was refused. */
  readonly failedCount: number;
}

/** What a {@link GoflowDeadLetters.redriveAll} came to. */
export interface RedriveReport extends RedriveProgress {
  /** The first 100 of those that stay dead letters, and why. */
  readonly failed: readonly BulkFailure[];
  /** False when it ended early: at its limit, or by its signal. */
  readonly complete: boolean;
}

/** How far a {@link GoflowDeadLetters.discardAll} has come. */
export interface DiscardProgress {
  /** Tasks that were looked at. */
  readonly examined: number;
  readonly discarded: number;
  /** Tasks that somebody else was faster with, or that have failed only since it began. */
  readonly skipped: number;
  /** Tasks that could not be discarded. */
  readonly failedCount: number;
}

/** What a {@link GoflowDeadLetters.discardAll} came to. */
export interface DiscardReport extends DiscardProgress {
  /** The first 100 of them, and why. */
  readonly failed: readonly BulkFailure[];
  /** False when it ended early: at its limit, or by its signal. */
  readonly complete: boolean;
}

const MAX_LIMIT = 10_000_000;
const GROUPED = 100_000;
const RATES = [1, 100_000] as const;
const DEFAULT_RATE = 100;

/** @throws OPTION_INVALID */
export function resolveGroupOptions(options: GroupOptions) {
  checkOptions(options, ['limit', 'signal']);
  return {
    limit: checkInteger('limit', options.limit ?? GROUPED, [1, MAX_LIMIT]),
    signal: checkSignal(options.signal),
  };
}

/** @throws OPTION_INVALID */
export function resolveDiscardAllOptions(options: DiscardAllOptions) {
  checkOptions(options, ['limit', 'signal', 'onProgress']);
  const { limit, signal, onProgress } = options;
  checkFunction('onProgress', onProgress);
  return { limit: limitOf(limit), signal: checkSignal(signal), onProgress };
}

/** @throws OPTION_INVALID */
export function resolveRedriveAllOptions(options: RedriveAllOptions) {
  checkOptions(options, ['rate', 'payload', 'limit', 'signal', 'onProgress']);
  const { payload, onProgress } = options;
  checkFunction('payload', payload);
  checkFunction('onProgress', onProgress);
  return {
    rate: checkInteger('rate', options.rate ?? DEFAULT_RATE, RATES),
    limit: limitOf(options.limit),
    signal: checkSignal(options.signal),
    payload,
    onProgress,
  };
}

function limitOf(given: unknown): number {
  if (given === undefined) return Number.POSITIVE_INFINITY;
  return checkInteger('limit', given, [1, MAX_LIMIT]);
}

function checkFunction(name: string, given: unknown): void {
  if (given !== undefined && typeof given !== 'function')
    throw invalidOption(name, 'a function', given);
}
