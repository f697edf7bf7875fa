import type { MeasuredClient } from '../systems/system.js';

/** Requests that are made with so many in flight. */
export interface Requests {
  readonly count: number;
  readonly inFlight: number;
  /** The number of the first task. */
  readonly from: number;
}

/**
 * Pushes tasks and waits for each result: `inFlight` at once, each followed by the next.
 *
 * @returns milliseconds that each took
 * @throws Error when a result is another task's
 */
export async function requestAll(
  client: MeasuredClient,
  { count, inFlight, from }: Requests,
): Promise<Float64Array> {
  const times = new Float64Array(count);
  let next = 0;
  const goOn = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      const startedAt = performance.now();
      const answer = await client.request(from + index);
      times[index] = performance.now() - startedAt;
      if (answer !== from + index) throw new Error(`task ${from + index} has result ${answer}`);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, goOn));
  return times;
}
