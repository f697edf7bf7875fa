import { CostMeter } from '../costs.js';
import { checkResults } from '../phases/checks.js';
import { fill } from '../phases/fill.js';
import { runHere } from '../phases/run-here.js';
import { defineScenario } from '../scenario.js';
import { openClient } from '../systems/open.js';

/** Runs tasks in chunks of 100, with results, against a BullMQ Worker. */
export const runChunks = defineScenario({
  name: 'run-chunks',
  about: 'One worker, everything on, runs chunks of 100, 10 at once; BullMQ runs 100 jobs at once.',
  sizes: {
    full: {
      goflow: { warmUp: 100_000, count: 300_000, concurrency: 10 },
      others: { warmUp: 20_000, count: 40_000, concurrency: 100 },
    },
    quick: {
      goflow: { warmUp: 30_000, count: 40_000, concurrency: 10 },
      others: { warmUp: 4_000, count: 6_000, concurrency: 100 },
    },
  },
  systems: ['goflow', 'bullmq'],
  figures: () => [
    {
      key: 'rate',
      title: 'chunks of 100: run, with results',
      unit: 'tasks/s',
      reach: { of: 'ratio', is: '>=', than: 8 },
    },
  ],
  async measure({ system, redis, size }) {
    const { warmUp, count, concurrency } = system === 'goflow' ? size.goflow : size.others;
    const meter = await CostMeter.open(redis);
    const client = await openClient(system, { redis, chunk: 100 });
    const ids = await fill(client, warmUp + count, 10_000);
    const { ratePerS, costs } = await runHere({ system, redis, concurrency, warmUp, count, meter });
    await checkResults(client, ids);
    await client.close();
    const bytes = await meter.bytesPerTask(warmUp + count);
    return { values: { rate: ratePerS }, costs: { ...costs, bytes } };
  },
});
