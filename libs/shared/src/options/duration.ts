import { invalidOption } from './invalid-option.js';

/** A length of time: a number of milliseconds, or a number with a unit: `'250ms'`, `'1.5s'`, `'2m'`, `'1h'`, `'7d'`. */
export type Duration = number | `${number}${DurationUnit}`;

/** The units that a {@link Duration} may end in. */
export type DurationUnit = 'ms' | 's' | 'm' | 'h' | 'd';

const UNIT_MS: Record<DurationUnit, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** The longest time that a timer of Node's can wait: 2^31 - 1 ms, about 24.8 days. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Limits of a duration, in milliseconds. */
export interface DurationLimits {
  readonly minMs?: number;
  readonly maxMs?: number;
}

/**
 * Turns a duration into whole milliseconds.
 *
 * @throws OPTION_INVALID when it is no duration, negative, or outside the limits (default 0 to 2^31 - 1 ms).
 */
export function toMs(name: string, value: unknown, limits: DurationLimits = {}): number {
  const { minMs = 0, maxMs = MAX_TIMER_MS } = limits;
  const ms = read(value);
  if (Number.isFinite(ms) && ms >= minMs && ms <= maxMs) return Math.round(ms);
  throw invalidOption(name, `a duration like 1500, '1.5s' or '2m', ${minMs} to ${maxMs} ms`, value);
}

function read(value: unknown): number {
  if (typeof value === 'number') return value;
  const match = typeof value === 'string' ? PATTERN.exec(value) : null;
  return match ? Number(match[1]) * UNIT_MS[match[2] as DurationUnit] : Number.NaN;
}

const SPELLED = (['d', 'h', 'm', 's'] as const).map((unit) => [unit, UNIT_MS[unit]] as const);

/** A length of time for people, in its largest unit: `3 d`, `2 h`, `41 s`, `1.5 s`, `320 ms`, `0.4 ms`. */
export function spell(ms: number): string {
  const [unit, size] = SPELLED.find(([, least]) => ms >= least) ?? ['ms', 1];
  const count = ms / size;
  const isFine = count < 10 && (unit === 's' || unit === 'ms');
  return `${Number(count.toFixed(isFine ? 1 : 0))} ${unit}`;
}
