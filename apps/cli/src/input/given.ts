import { type Duration, GoflowError, invalidOption, MAX_HORIZON_MS, toMs } from '@goflow/shared';
import type { GivenOptions } from '../command.js';

/** The text of an option; `undefined` where it was not given. */
export function textOf(options: GivenOptions, name: string): string | undefined {
  const given = options[name];
  return typeof given === 'string' ? given : undefined;
}

/** The texts of an option that may be given many times; `undefined` where it was not. */
export function textsOf(options: GivenOptions, name: string): readonly string[] | undefined {
  const given = options[name];
  return Array.isArray(given) ? (given as readonly string[]) : undefined;
}

/** Digits alone are milliseconds. What is no duration is refused by who uses it. */
export const toDuration = (text: string): Duration =>
  (/^\d+$/.test(text) ? Number(text) : text) as Duration;

/** Digits alone are a number. What is none is refused by who uses it. */
export const toNumber = (text: string): number =>
  (/^-?\d+$/.test(text) ? Number(text) : text) as number;

/** A number that was given; `undefined` where none was. */
export function numberOf(options: GivenOptions, name: string): number | undefined {
  const text = textOf(options, name);
  return text === undefined ? undefined : toNumber(text);
}

/** A time, as ISO 8601. @throws OPTION_INVALID */
export function toTime(flag: string, text: string): Date {
  const time = new Date(text);
  // Date also reads `1` and `2 May`, each in its own way.
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(time.getTime())) return time;
  throw invalidOption(flag, 'a time like 2026-01-31T12:00:00Z', text);
}

/** A time, or how long ago it is. @throws OPTION_INVALID */
export function toPastTime(flag: string, text: string, now: number): Date {
  if (/^\d{4}-/.test(text)) return toTime(flag, text);
  if (!/^\d/.test(text))
    throw invalidOption(flag, 'a duration like 2h, or a time like 2026-01-31', text);
  const ms = toMs(flag, toDuration(text), { maxMs: MAX_HORIZON_MS });
  return new Date(now - ms);
}

/**
 * An error about an option of the SDK, told with the name of the flag that was given for it.
 *
 * @param flags the flag by the name of the option: `{ maxAttempts: '--max-attempts' }`
 */
export function namedByFlag(error: unknown, flags: Readonly<Record<string, string>>): unknown {
  if (!(error instanceof GoflowError) || error.code !== 'OPTION_INVALID') return error;
  const { option } = (error.details ?? {}) as { option?: string };
  const flag = option === undefined ? undefined : flags[option];
  if (flag === undefined) return error;
  const message = error.message.replace(`\`${option}\``, `\`${flag}\``);
  return new GoflowError('OPTION_INVALID', message, { details: { option: flag } });
}
