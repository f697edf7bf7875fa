import type { IQueueBackend } from 'bullmq';
import { expect, test } from 'vitest';
import { RetentionSweeper } from './retention-sweeper.js';

test('sweeps in bites until nothing old is left, each state by its own retention', async () => {
  const asked: [string, number][] = [];
  const left = { completed: 2_500, failed: 3 };
  const backend = {
    cleanJobsByState: async (state: 'completed' | 'failed', before: number, limit: number) => {
      asked.push([state, before]);
      const removed = Math.min(limit, left[state]);
      left[state] -= removed;
      return new Array<string>(removed).fill('id');
    },
  } as unknown as IQueueBackend;
  const retention = { completedMs: 100, failedMs: 1_000 };
  const sweeper = new RetentionSweeper({
    backend: () => backend,
    retention,
    report: () => undefined,
  });
  expect(await sweeper.sweep(5_000)).toBe(2_503);
  expect(left).toEqual({ completed: 0, failed: 0 });
  expect(asked).toEqual([
    ['completed', 4_900],
    ['completed', 4_900],
    ['completed', 4_900],
    ['failed', 4_000],
  ]);
});
