import { CostMeter } from '../costs.js';
import { checkWaiting } from '../phases/checks.js';
import { quantile } from '../quantile.js';
import { defineScenario } from '../scenario.js';
import { openClient } from '../systems/open.js';

/** Pushes one task after another. */
export const pushOne = defineScenario({
  name: 'push-one',
  about: 'One client pushes one task after another: the time of a push.',
  sizes: {
    full: { warmUp: 2_000, count: 10_000 },
    quick: { warmUp: 500, count: 1_500 },
  },
  systems: ['goflow', 'bullmq', 'bee-queue'],
  figures: () => [
    {
      key: 'p50',
      title: 'push, one after another, p50',
      unit: 'ms',
      reach: { of: 'ratio', is: '<=', than: 1.05 },
    },
  ],
  async measure({ system, redis, size: { warmUp, count } }) {
    const meter = await CostMeter.open(redis);
    const client = await openClient(system, { redis });
    for (let n = 0; n < warmUp; n += 1) await client.push(n);
    const times = new Float64Array(count);
    await meter.begin();
    for (let n = 0; n < count; n += 1) {
      const startedAt = performance.now();
      await client.push(n);
      times[n] = performance.now() - startedAt;
    }
    const costs = await meter.end(count);
    await checkWaiting(client, warmUp + count);
    await client.close();
    const bytes = await meter.bytesPerTask(warmUp + count);
    return {
      values: { p50: quantile(times, 0.5), 'p99, ms': quantile(times, 0.99) },
      costs: { ...costs, bytes },
    };
  },
});
