import { CostMeter } from '../costs.js';
import { checkWaiting } from '../phases/checks.js';
import { pushWaves } from '../phases/push-waves.js';
import { defineScenario, type Mode, type Scenario } from '../scenario.js';
import { openClient } from '../systems/open.js';

interface Size {
  /** Pushes at once. */
  readonly inFlight: number;
  /** Waves of 1,000 before. */
  readonly warmUpWaves: number;
  readonly waves: number;
}

/** Pushes 1,000 tasks at once, again and again. */
export const push1000 = pushInFlight('push-1000', {
  full: { inFlight: 1_000, warmUpWaves: 20, waves: 80 },
  quick: { inFlight: 1_000, warmUpWaves: 5, waves: 15 },
});

/** Pushes 20,000 tasks at once. */
export const push20000 = pushInFlight('push-20000', {
  full: { inFlight: 20_000, warmUpWaves: 20, waves: 4 },
  quick: { inFlight: 20_000, warmUpWaves: 5, waves: 1 },
});

function pushInFlight(name: string, sizes: Readonly<Record<Mode, Size>>): Scenario {
  const inFlight = sizes.full.inFlight.toLocaleString('en');
  return defineScenario({
    name,
    about: `One client pushes ${inFlight} tasks at once, one wave after another.`,
    sizes,
    systems: ['goflow', 'bullmq', 'bee-queue'],
    figures: () => [
      {
        key: 'rate',
        title: `push, ${inFlight} in flight`,
        unit: 'tasks/s',
        reach: { of: 'ratio', is: '>=', than: 1.25 },
      },
    ],
    async measure({ system, redis, size: { inFlight, warmUpWaves, waves } }) {
      const meter = await CostMeter.open(redis);
      const client = await openClient(system, { redis });
      await pushWaves(client, { waves: warmUpWaves, size: 1_000 });
      const count = waves * inFlight;
      await meter.begin();
      const ms = await pushWaves(client, { waves, size: inFlight });
      const costs = await meter.end(count);
      const all = count + warmUpWaves * 1_000;
      await checkWaiting(client, all);
      await client.close();
      const bytes = await meter.bytesPerTask(all);
      return { values: { rate: (count / ms) * 1_000 }, costs: { ...costs, bytes } };
    },
  });
}
