import { type Duration, toMs } from './duration.js';
import { checkKnown, invalidOption } from './invalid-option.js';
import { hasWholeCharacters } from './whole-characters.js';

/**
 * How long a `deduplicationKey` stands for one task. `throttle`: the first wins, for this long, finished or not. `debounce`: the
 * last wins: the task waits this long after each push of its key, and runs with the last payload.
 */
export type DeduplicationWindow =
  | { readonly throttle: Duration; readonly debounce?: never }
  | { readonly debounce: Duration; readonly throttle?: never };

/** A key and its window, checked. */
export interface ResolvedDeduplication {
  readonly key: string;
  /** `unique`: while the first is unfinished. */
  readonly mode: 'unique' | 'throttle' | 'debounce';
  /** 0 for `unique`. */
  readonly windowMs: number;
}

const MAX_KEY_LENGTH = 256;

/** A key that a caller chose: of a task, or of its sameness. @throws OPTION_INVALID */
export function checkKey(name: string, value: unknown): string {
  const isText = typeof value === 'string' && value.length > 0 && value.length <= MAX_KEY_LENGTH;
  if (isText && hasWholeCharacters(value)) return value;
  throw invalidOption(name, `a string of 1 to ${MAX_KEY_LENGTH} whole characters`, value);
}

/** @throws OPTION_INVALID for a wrong key or window, or a window without a key. */
export function resolveDeduplication(
  key: unknown,
  window: DeduplicationWindow | undefined,
): ResolvedDeduplication | undefined {
  if (key === undefined) {
    if (window === undefined) return undefined;
    throw invalidOption('deduplicationWindow', 'given with a `deduplicationKey`', window);
  }
  const checked = checkKey('deduplicationKey', key);
  if (window === undefined) return { key: checked, mode: 'unique', windowMs: 0 };
  if (typeof window !== 'object' || window === null || Object.keys(window).length !== 1)
    throw invalidOption('deduplicationWindow', '{ throttle } or { debounce }', window);
  checkKnown('deduplicationWindow', window, ['throttle', 'debounce']);
  const mode = 'throttle' in window ? 'throttle' : 'debounce';
  const windowMs = toMs(`deduplicationWindow.${mode}`, window[mode], { minMs: 1 });
  return { key: checked, mode, windowMs };
}
