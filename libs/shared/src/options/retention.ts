import { type Duration, toMs } from './duration.js';
import { checkKnown, invalidOption } from './invalid-option.js';

/** How long a finished task can be asked for. */
export interface RetentionOptions {
  /** After it completed: '1ms' to '366d'. @default '1d' */
  readonly completed?: Duration | undefined;
  /** After it failed, was cancelled or expired: '1ms' to '366d'. @default '7d' */
  readonly failed?: Duration | undefined;
}

/** {@link RetentionOptions} in milliseconds. */
export interface ResolvedRetention {
  readonly completedMs: number;
  readonly failedMs: number;
}

/** The longest time, in milliseconds, that goflow keeps or plans anything: 366 days. */
export const MAX_HORIZON_MS = 366 * 86_400_000;

const LIMITS = { minMs: 1, maxMs: MAX_HORIZON_MS };
const DEFAULT_RETENTION: ResolvedRetention = Object.freeze({
  completedMs: 86_400_000,
  failedMs: 7 * 86_400_000,
});

/** Checks a retention and fills it up from another. @throws OPTION_INVALID naming the field. */
export function resolveRetention(
  given: RetentionOptions | undefined,
  name = 'retention',
  otherwise: ResolvedRetention = DEFAULT_RETENTION,
): ResolvedRetention {
  if (given === undefined) return otherwise;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalidOption(name, 'an object', given);
  checkKnown(name, given, ['completed', 'failed']);
  const ms = (field: 'completed' | 'failed', otherwiseMs: number): number =>
    given[field] === undefined ? otherwiseMs : toMs(`${name}.${field}`, given[field], LIMITS);
  return Object.freeze({
    completedMs: ms('completed', otherwise.completedMs),
    failedMs: ms('failed', otherwise.failedMs),
  });
}
