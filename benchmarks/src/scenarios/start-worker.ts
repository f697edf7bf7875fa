import { CostMeter } from '../costs.js';
import { WorkerGroup } from '../processes/worker-group.js';
import { median } from '../quantile.js';
import { defineScenario } from '../scenario.js';
import { openClient } from '../systems/open.js';

/** How long a worker takes to its first task. */
export const startWorker = defineScenario({
  name: 'start-worker',
  about:
    'A fresh worker process with everything on, while a task waits: to the first call of the handler.',
  sizes: { full: { processes: 5 }, quick: { processes: 2 } },
  systems: ['goflow', 'bullmq'],
  figures: () => [
    {
      key: 'ms',
      title: 'start of a worker to its first task',
      unit: 'ms',
      reach: { of: 'limit', is: '<=', than: 500 },
    },
  ],
  async measure({ system, redis, size: { processes } }) {
    const meter = await CostMeter.open(redis);
    const times: number[] = [];
    for (let n = 0; n < processes; n += 1) {
      await meter.redis.flushall();
      const client = await openClient(system, { redis });
      await client.push(n);
      await client.close();
      const order = { system, redis, concurrency: 100, waitMs: 0, begins: 'at once' } as const;
      await using workers = await WorkerGroup.start(1, order);
      times.push(await workers.firstCallMs());
    }
    return { values: { ms: median(times) } };
  },
});
