import { until } from '@goflow/testing';
import type { MeasuredClient } from '../systems/system.js';

const SAMPLE = 20;

/** @throws Error unless exactly so many tasks wait */
export async function checkWaiting(client: MeasuredClient, expected: number): Promise<void> {
  const waiting = await client.waiting();
  if (waiting !== expected) throw new Error(`${waiting} tasks wait instead of ${expected}`);
}

/**
 * Looks at results from all over the ids, of which the first is that of task 0.
 *
 * @throws Error when one is missing or is another task's
 */
export async function checkResults(client: MeasuredClient, ids: readonly string[]): Promise<void> {
  const step = Math.max(1, Math.floor(ids.length / SAMPLE));
  for (let n = 0; n < ids.length; n += step) {
    const id = ids[n] ?? '';
    const isRight = async (): Promise<boolean> => (await client.result(id)) === n;
    await until(isRight, { what: `the result of task ${n}, ${id}, to be ${n}` });
  }
}
