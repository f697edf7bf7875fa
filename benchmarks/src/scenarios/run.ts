import { CostMeter } from '../costs.js';
import { checkResults } from '../phases/checks.js';
import { fill } from '../phases/fill.js';
import { runHere } from '../phases/run-here.js';
import { defineScenario } from '../scenario.js';
import { openClient } from '../systems/open.js';

/** Runs tiny tasks that wait already. */
export const run = defineScenario({
  name: 'run',
  about: 'One worker, 100 tasks at once, everything on, runs tiny tasks that wait already.',
  sizes: {
    full: { warmUp: 20_000, count: 40_000 },
    quick: { warmUp: 3_000, count: 6_000 },
  },
  systems: ['goflow', 'bullmq', 'bee-queue'],
  figures: () => [
    {
      key: 'rate',
      title: 'run, concurrency 100, everything on',
      unit: 'tasks/s',
      reach: { of: 'ratio', is: '>=', than: 1 },
    },
  ],
  async measure({ system, redis, size: { warmUp, count } }) {
    const meter = await CostMeter.open(redis);
    const client = await openClient(system, { redis });
    const ids = await fill(client, warmUp + count);
    const job = { system, redis, concurrency: 100, warmUp, count, meter };
    const { ratePerS, costs } = await runHere(job);
    if (system !== 'bee-queue') await checkResults(client, ids);
    await client.close();
    const bytes = await meter.bytesPerTask(warmUp + count);
    return { values: { rate: ratePerS }, costs: { ...costs, bytes } };
  },
});
