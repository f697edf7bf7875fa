import { setTimeout as delay } from 'node:timers/promises';
import { CostMeter } from '../costs.js';
import { WorkerGroup } from '../processes/worker-group.js';
import { defineScenario } from '../scenario.js';

/** What a worker without work costs. */
export const idleWorker = defineScenario({
  name: 'idle-worker',
  about: 'A worker process with everything on and nothing to do.',
  // After the start V8 collects what the start has left, which takes CPU; a quick run measures some of that too.
  sizes: { full: { settleMs: 15_000, ms: 60_000 }, quick: { settleMs: 500, ms: 1_500 } },
  rounds: 1,
  systems: ['goflow', 'bullmq'],
  figures: () => [
    {
      key: 'cpu',
      title: 'idle worker, of a core',
      unit: '%',
      reach: { of: 'limit', is: '<=', than: 1 },
    },
    {
      key: 'commands',
      title: 'idle worker, commands of Redis',
      unit: 'commands/s',
      reach: { of: 'limit', is: '<=', than: 3 },
    },
  ],
  async measure({ system, redis, size: { settleMs, ms } }) {
    const order = { system, redis, concurrency: 100, waitMs: 0, begins: 'at once' } as const;
    await using workers = await WorkerGroup.start(1, order);
    const meter = await CostMeter.open(redis, () => workers.cpuUs());
    await delay(settleMs);
    await meter.begin();
    const startedAt = performance.now();
    await delay(ms);
    const seconds = (performance.now() - startedAt) / 1_000;
    // By second instead of by task.
    const { nodeCpuUs, redisCpuUs, commands, scriptCalls } = await meter.end(seconds);
    return {
      values: {
        cpu: nodeCpuUs / 10_000,
        commands,
        'Redis, % of a core': redisCpuUs / 10_000,
        'script calls/s': scriptCalls,
      },
    };
  },
});
