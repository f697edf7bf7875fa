import { spell } from '@goflow/shared';

/** A number as it is read: `12,345`. */
export const count = (number: number): string => number.toLocaleString('en');

/** Tasks a second: `0`, `0.05`, `12.3`, `1,204`. */
export function rate(aSecond: number): string {
  if (aSecond === 0) return '0';
  if (aSecond < 0.1) return aSecond.toFixed(2);
  return aSecond < 100 ? aSecond.toFixed(1) : count(Math.round(aSecond));
}

/** How long something took: `41 ms`; a dash where it is not known. */
export const time = (ms: number | undefined): string => (ms === undefined ? '–' : spell(ms));

/** How old something is that began at a time; a dash where it is not known. */
export const age = (at: Date | number | undefined, now: number): string =>
  at === undefined ? '–' : spell(Math.max(0, now - Number(at)));
