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
  for await (const added of pushCalls(client, count, perCall)) for (const id of added) ids.push(id);
  if (ids.length !== count) throw new Error(`${ids.length} of ${count} tasks have an id`);
  return ids;
}

/** Like {@link fill}, without keeping the ids: a million of them would slow down the process that is measured next. */
export async function fillOnly(client: MeasuredClient, count: number): Promise<void> {
  let pushed = 0;
  for await (const { length } of pushCalls(client, count, PER_CALL)) pushed += length;
  if (pushed !== count) throw new Error(`${pushed} of ${count} tasks have an id`);
}

async function* pushCalls(
  client: MeasuredClient,
  count: number,
  perCall: number,
): AsyncGenerator<readonly string[], void, undefined> {
  for (let from = 0; from < count; from += perCall)
    yield await client.pushMany(numbers(Math.min(perCall, count - from), from));
}
