import { CostMeter } from '../costs.js';
import { ownCpuUs } from '../cpu.js';
import { requestAll } from '../phases/requests.js';
import { WorkerGroup } from '../processes/worker-group.js';
import { defineScenario } from '../scenario.js';
import { openClient } from '../systems/open.js';

/** Has 1,000 requests under way all the time. */
export const wait1000 = defineScenario({
  name: 'wait-1000',
  about:
    'One client waits for 1,000 results at once and pushes a task for each; one worker process.',
  sizes: {
    full: { warmUp: 8_000, count: 40_000 },
    quick: { warmUp: 1_000, count: 3_000 },
  },
  systems: ['goflow', 'bullmq'],
  figures: () => [
    {
      key: 'rate',
      title: 'request and answer, 1,000 in flight',
      unit: 'tasks/s',
      reach: { of: 'ratio', is: '>=', than: 1.25 },
    },
  ],
  async measure({ system, redis, size: { warmUp, count } }) {
    const order = { system, redis, concurrency: 100, waitMs: 0, begins: 'at once' } as const;
    const client = await openClient(system, { redis });
    await using workers = await WorkerGroup.start(1, order);
    const meter = await CostMeter.open(redis, async () => ownCpuUs() + (await workers.cpuUs()));
    await requestAll(client, { count: warmUp, inFlight: 1_000, from: 0 });
    await meter.begin();
    const startedAt = performance.now();
    await requestAll(client, { count, inFlight: 1_000, from: warmUp });
    const ms = performance.now() - startedAt;
    const costs = await meter.end(count);
    return { values: { rate: (count / ms) * 1_000 }, costs };
  },
});
