import { CostMeter } from '../costs.js';
import { ownCpuUs } from '../cpu.js';
import { requestAll } from '../phases/requests.js';
import { WorkerGroup } from '../processes/worker-group.js';
import { quantile } from '../quantile.js';
import { defineScenario } from '../scenario.js';
import { openClient } from '../systems/open.js';

/** Pushes one task, waits for its result, pushes the next. */
export const waitOne = defineScenario({
  name: 'wait-one',
  about: 'One client pushes a task, waits for its result, and pushes the next; one worker process.',
  // V8 compiles what is hot after some thousand requests, in both processes; a quick run does not wait for that.
  sizes: {
    full: { warmUp: 8_000, count: 8_000 },
    quick: { warmUp: 200, count: 300 },
  },
  systems: ['goflow', 'bullmq'],
  figures: () => [
    {
      key: 'p50',
      title: 'request and answer, one at a time, p50',
      unit: 'ms',
      reach: { of: 'ratio', is: '<=', than: 1.05 },
    },
    {
      key: 'p99',
      title: 'request and answer, one at a time, p99',
      unit: 'ms',
      reach: { of: 'ratio', is: '<', than: 1 },
    },
  ],
  async measure({ system, redis, size: { warmUp, count } }) {
    const order = { system, redis, concurrency: 100, waitMs: 0, begins: 'at once' } as const;
    const client = await openClient(system, { redis });
    await using workers = await WorkerGroup.start(1, order);
    const meter = await CostMeter.open(redis, async () => ownCpuUs() + (await workers.cpuUs()));
    await requestAll(client, { count: warmUp, inFlight: 1, from: 0 });
    await meter.begin();
    const times = await requestAll(client, { count, inFlight: 1, from: warmUp });
    const costs = await meter.end(count);
    return { values: { p50: quantile(times, 0.5), p99: quantile(times, 0.99) }, costs };
  },
});
