import { CostMeter } from '../costs.js';
import { ownCpuUs } from '../cpu.js';
import { pushWaves } from '../phases/push-waves.js';
import { WorkerGroup } from '../processes/worker-group.js';
import { defineScenario } from '../scenario.js';
import { openClient } from '../systems/open.js';

const IN_FLIGHT = 1_000;

/** Pushes and runs at once. */
export const pushAndRun = defineScenario({
  name: 'push-and-run',
  about:
    'One client pushes, 1,000 in flight, while two worker processes run, 50 tasks at once each.',
  sizes: { full: { warmUpWaves: 15, waves: 60 }, quick: { warmUpWaves: 2, waves: 4 } },
  systems: ['goflow', 'bullmq', 'bee-queue'],
  figures: () => [
    {
      key: 'rate',
      title: 'push and run at once, 1 client, 2 workers',
      unit: 'tasks/s',
      reach: { of: 'ratio', is: '>=', than: 1.1 },
    },
  ],
  async measure({ system, redis, size: { warmUpWaves, waves } }) {
    const order = { system, redis, concurrency: 50, waitMs: 0, begins: 'at once' } as const;
    const client = await openClient(system, { redis });
    await using workers = await WorkerGroup.start(2, order);
    const meter = await CostMeter.open(redis, async () => ownCpuUs() + (await workers.cpuUs()));
    await pushWaves(client, { waves: warmUpWaves, size: IN_FLIGHT });
    await workers.until(warmUpWaves * IN_FLIGHT);
    await meter.begin();
    const startedAt = performance.now();
    await pushWaves(client, { waves, size: IN_FLIGHT });
    const all = (warmUpWaves + waves) * IN_FLIGHT;
    const { at, finished } = await workers.until(all);
    const costs = await meter.end(waves * IN_FLIGHT);
    if (finished !== all) throw new Error(`${finished} tasks finished instead of ${all}`);
    return { values: { rate: ((waves * IN_FLIGHT) / (at - startedAt)) * 1_000 }, costs };
  },
});
