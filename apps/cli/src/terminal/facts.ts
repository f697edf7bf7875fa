import type { Output } from './output.js';
import { oneLine } from './printable.js';

/** Names and values; a value of `undefined` is not told. */
export type Facts = readonly (readonly [name: string, value: string | undefined])[];

/** A line for each, with the values below each other. Nothing is cut: a terminal wraps it. */
export function factLines(facts: Facts, out: Pick<Output, 'paint'>): string[] {
  const known = facts.flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const width = Math.max(0, ...known.map(([name]) => name.length));
  return known.map(([name, value]) => `${out.paint('dim', name.padEnd(width))}  ${oneLine(value)}`);
}
