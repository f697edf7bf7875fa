const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** A length of time for people, in its largest unit: `3 d`, `2 h`, `41 s`, `1.5 s`, `320 ms`, `0.4 ms`. */
export function spell(ms: number): string {
  const [unit, size] = UNITS.find(([, least]) => ms >= least) ?? ['ms', 1];
  const count = ms / size;
  const isFine = count < 10 && (unit === 's' || unit === 'ms');
  return `${Number(count.toFixed(isFine ? 1 : 0))} ${unit}`;
}

/** How long ago a time was: `41 s ago`; `-` when it is not known. */
export function ago(at: Date | number | undefined, now: number): string {
  return at === undefined ? '-' : `${age(at, now)} ago`;
}

/** How old something is that began at a time: `41 s`; `-` when it is not known. */
export function age(at: Date | number | undefined, now: number): string {
  return at === undefined ? '-' : spell(Math.max(0, now - Number(at)));
}
