import { fileURLToPath } from 'node:url';
import { defineTasks } from '@goflow/sdk';
import { RetryLaterError } from '@goflow/worker';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { openRedisWorld } from '../contract/worlds.js';
import { tasks } from '../fixtures/tasks.mjs';
import { runWorkerIn, urlOf } from '../support/program.js';
import { newPlace } from '../support/redis.js';
import { openClient } from '../support/system.js';

// Only processes have clocks of their own, so this is not part of the contract suite.

const HOUR_MS = 3_600_000;
const SKEW = `--import ${fileURLToPath(new URL('../fixtures/skew.mjs', import.meta.url))}`;

test.each([
  ['an hour ahead', HOUR_MS],
  ['an hour behind', -HOUR_MS],
])(
  'a worker whose clock is %s runs nothing early, late or never, and forgets nothing',
  async (_, skewMs) => {
    const place = newPlace();
    const goflow = openClient(tasks, place);
    await goflow.ping();
    const far = await goflow.push('echo', 'far', { delay: '30m' });
    const soon = await goflow.push('echo', 'soon', { delay: 100, startBy: '10m', deadline: '20m' });
    const retention = { completed: '30m' } as const;
    const worker = runWorkerIn(place, [], { NODE_OPTIONS: SKEW, SKEW_MS: String(skewMs) });
    await urlOf(worker);
    expect(await goflow.wait(soon)).toBe('soon');
    const kept = await goflow.push('echo', 'kept', { retention });
    expect(await goflow.wait(kept)).toBe('kept');
    expect(await goflow.getResult(kept)).toMatchObject({ status: 'completed', value: 'kept' });
    const result = await goflow.getResult(soon);
    if (result.status !== 'completed') throw new Error(result.status);
    const times = [result.pushedAt, result.startedAt, result.finishedAt].map(Number);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(HOUR_MS / 2);
    expect(await goflow.getResult(far)).toMatchObject({ status: 'delayed' });
    // It is said, too.
    await worker.line(/clock is (ahead of|behind)/);
  },
);

test('a client whose clock jumps an hour either way: delays, limits and retention stay what they are', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  await goflow.ping();
  const worker = runWorkerIn(place);
  await urlOf(worker);
  const now = Date.now.bind(Date);
  try {
    for (const skewMs of [HOUR_MS, -HOUR_MS]) {
      vi.spyOn(Date, 'now').mockImplementation(() => now() + skewMs);
      const late = await goflow.push('echo', 'x', { delay: 50, startBy: '10m' });
      const far = await goflow.push('echo', 'far', { delay: '30m' });
      const kept = await goflow.push('echo', 'kept', { retention: { completed: '30m' } });
      expect(await goflow.wait(late, { timeout: '10s' })).toBe('x');
      expect(await goflow.wait(kept, { timeout: '10s' })).toBe('kept');
      expect(await goflow.getResult(kept)).toMatchObject({ status: 'completed' });
      expect(await goflow.getResult(far)).toMatchObject({ status: 'delayed' });
      vi.restoreAllMocks();
    }
  } finally {
    vi.restoreAllMocks();
  }
});

test.each([HOUR_MS, -HOUR_MS])(
  'a snooze is as long as it was meant, with a clock wrong by %d ms',
  async (skewMs) => {
    const now = Date.now.bind(Date);
    vi.spyOn(Date, 'now').mockImplementation(() => now() + skewMs);
    try {
      const contracts = defineTasks({ nap: { payload: z.null(), result: z.number() } });
      const world = openRedisWorld();
      let calls = 0;
      await world.worker(contracts, {
        nap: () => {
          calls += 1;
          if (calls < 3) throw new RetryLaterError('later', { delay: '50ms', counted: false });
          return calls;
        },
      });
      const goflow = world.client(contracts);
      expect(await goflow.wait(await goflow.push('nap', null), { timeout: '10s' })).toBe(3);
    } finally {
      vi.restoreAllMocks();
    }
  },
);
