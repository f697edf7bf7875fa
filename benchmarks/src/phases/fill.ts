import type { MeasuredClient } from '../systems/system.js';

const PER_CALL = 1_000;

/** `count` numbers, from 0 on. */
export function numbers(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

/** Pushes tasks 0 to `count`, many a call, one call after another. Gives their ids. */
export async function fill(
  client: MeasuredClient,
  count: number,
  perCall = PER_CALL,
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let from = 0; from < count; from += perCall) {
    const added = await client.pushMany(numbers(Math.min(perCall, count - from), from));
    for (const id of added) ids.push(id);
  }
  if (ids.length !== count) throw new Error(`${ids.length} of ${count} tasks have an id`);
  return ids;
}
