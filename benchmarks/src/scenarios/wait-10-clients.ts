import { CostMeter } from '../costs.js';
import { ownCpuUs } from '../cpu.js';
import { ClientGroup } from '../processes/client-group.js';
import { WorkerGroup } from '../processes/worker-group.js';
import { defineScenario } from '../scenario.js';

const IN_FLIGHT = 100;

/** Ten clients wait for results of one queue. */
export const wait10Clients = defineScenario({
  name: 'wait-10-clients',
  about:
    'Ten client processes (quick: four) on one queue, each waits for 100 results at once; one worker process.',
  sizes: {
    full: { clients: 10, warmUp: 1_500, count: 4_000 },
    quick: { clients: 4, warmUp: 50, count: 150 },
  },
  systems: ['goflow', 'bullmq'],
  figures: ({ clients }) => [
    {
      key: 'rate',
      title: `request and answer, ${clients} client processes`,
      unit: 'tasks/s',
      reach: { of: 'ratio', is: '>=', than: 2 },
    },
  ],
  async measure({ system, redis, size: { clients: size, warmUp, count } }) {
    const order = { system, redis, concurrency: 100, waitMs: 0, begins: 'at once' } as const;
    await using workers = await WorkerGroup.start(1, order);
    await using clients = await ClientGroup.start(size, { system, redis });
    const meter = await CostMeter.open(
      redis,
      async () => ownCpuUs() + (await workers.cpuUs()) + clients.cpuUs,
    );
    await clients.request({ count: warmUp, inFlight: IN_FLIGHT, from: 0 });
    await meter.begin();
    const startedAt = performance.now();
    await clients.request({ count, inFlight: IN_FLIGHT, from: warmUp });
    const ms = performance.now() - startedAt;
    const all = size * count;
    return { values: { rate: (all / ms) * 1_000 }, costs: await meter.end(all) };
  },
});
