import type { Reach, Unit } from '../scenario.js';

const SUFFIXES: Readonly<Record<Unit, string>> = {
  'tasks/s': '/s',
  ms: ' ms',
  'B/task': ' B',
  '%': ' %',
  'commands/s': '/s',
  x: '',
};

/** A value with its unit, short: `51,234/s`, `0.171 ms`. Nothing known is a dash. */
export function valueInWords(value: number | undefined, unit: Unit): string {
  if (value === undefined || Number.isNaN(value)) return '-';
  return `${numberOf(value, unit)}${SUFFIXES[unit]}`;
}

/** What must be reached: `>= 1.25`, `<= 150 ms`. */
export function reachInWords({ of, is, than }: Reach, unit: Unit): string {
  if (of === 'limit') return `${is} ${limitInWords({ than }, unit)}`;
  return `${is} ${than === 1 ? '1.0' : than}`;
}

/** A limit as it was set, with its unit: `3/s`, `150 ms`. */
export function limitInWords({ than }: Pick<Reach, 'than'>, unit: Unit): string {
  return `${than}${SUFFIXES[unit]}`;
}

/** Three digits that count. */
export function digits(value: number): string {
  if (value === 0) return '0';
  const places = Math.min(3, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return value.toFixed(places);
}

function numberOf(value: number, unit: Unit): string {
  if (unit === 'x') return value.toFixed(2);
  const isWhole = unit === 'tasks/s' || unit === 'B/task';
  return isWhole ? Math.round(value).toLocaleString('en') : digits(value);
}
