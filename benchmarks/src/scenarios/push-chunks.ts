import { CostMeter } from '../costs.js';
import { checkWaiting } from '../phases/checks.js';
import { fill } from '../phases/fill.js';
import { defineScenario } from '../scenario.js';
import { openClient } from '../systems/open.js';

/** Pushes many tasks in chunks of 100, against `addBulk`. */
export const pushChunks = defineScenario({
  name: 'push-chunks',
  about: 'One client pushes 1,000 tasks a call: goflow in chunks of 100, BullMQ with addBulk.',
  sizes: {
    full: { warmUp: 20_000, goflow: 500_000, others: 60_000 },
    quick: { warmUp: 10_000, goflow: 200_000, others: 20_000 },
  },
  systems: ['goflow', 'bullmq'],
  figures: () => [
    {
      key: 'rate',
      title: 'chunks of 100: push',
      unit: 'tasks/s',
      reach: { of: 'ratio', is: '>=', than: 12 },
    },
  ],
  async measure({ system, redis, size: { warmUp, goflow, others } }) {
    const count = system === 'goflow' ? goflow : others;
    const meter = await CostMeter.open(redis);
    const client = await openClient(system, { redis, chunk: 100 });
    await fill(client, warmUp);
    await meter.begin();
    const startedAt = performance.now();
    await fill(client, count);
    const ms = performance.now() - startedAt;
    const costs = await meter.end(count);
    await checkWaiting(client, count + warmUp);
    await client.close();
    const bytes = await meter.bytesPerTask(count + warmUp);
    return { values: { rate: (count / ms) * 1_000 }, costs: { ...costs, bytes } };
  },
});
