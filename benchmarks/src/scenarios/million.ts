import { CostMeter } from '../costs.js';
import { checkWaiting } from '../phases/checks.js';
import { fillOnly } from '../phases/fill.js';
import { pushWaves } from '../phases/push-waves.js';
import { runHere } from '../phases/run-here.js';
import { defineScenario } from '../scenario.js';
import { openClient } from '../systems/open.js';

/** Tasks a second, and what a task cost Redis in microseconds of CPU. */
type Rates = Readonly<Record<'push' | 'run' | 'pushRedisUs' | 'runRedisUs', number>>;

interface Part {
  readonly redis: string;
  readonly meter: CostMeter;
  /** Tasks that wait before anything is measured. */
  readonly waiting: number;
  /** Tasks that are pushed, and later run, for each rate. */
  readonly count: number;
}

const IN_FLIGHT = 1_000;

/** Pushes and runs where very many tasks wait, against few. */
export const million = defineScenario({
  name: 'million',
  about:
    'goflow only: pushing and running while 1,000,000 tasks wait (quick: 20,000), against 10,000 (quick: 5,000).',
  sizes: {
    full: { few: 10_000, many: 1_000_000, count: 20_000 },
    quick: { few: 5_000, many: 20_000, count: 3_000 },
  },
  rounds: 3,
  systems: ['goflow'],
  figures: ({ few, many }) =>
    (['push', 'run'] as const).map((key) => ({
      key,
      title: `${key}, ${many.toLocaleString('en')} waiting against ${few.toLocaleString('en')}`,
      unit: 'x',
      reach: { of: 'itself', is: '>=', than: 0.9 },
    })),
  async measure({ redis, size: { few, many, count } }) {
    const meter = await CostMeter.open(redis);
    // Not counted: by then Node has compiled what is hot.
    await measurePart({ redis, meter, waiting: few, count });
    // Before and after, so that a machine that gets slower or faster changes little.
    const before = await measurePart({ redis, meter, waiting: few, count });
    const more = await measurePart({ redis, meter, waiting: many, count });
    const after = await measurePart({ redis, meter, waiting: few, count });
    const less = (key: keyof Rates): number => (before[key] + after[key]) / 2;
    return {
      values: {
        push: more.push / less('push'),
        run: more.run / less('run'),
        'push with few, tasks/s': less('push'),
        'push with many, tasks/s': more.push,
        'run with few, tasks/s': less('run'),
        'run with many, tasks/s': more.run,
        'push with few, Redis CPU µs': less('pushRedisUs'),
        'push with many, Redis CPU µs': more.pushRedisUs,
        'run with few, Redis CPU µs': less('runRedisUs'),
        'run with many, Redis CPU µs': more.runRedisUs,
      },
    };
  },
});

async function measurePart({ redis, meter, waiting, count }: Part): Promise<Rates> {
  await meter.redis.flushall();
  const client = await openClient('goflow', { redis });
  await fillOnly(client, waiting);
  await meter.begin();
  const ms = await pushWaves(client, { waves: count / IN_FLIGHT, size: IN_FLIGHT });
  const pushed = await meter.end(count);
  await checkWaiting(client, waiting + count);
  const warmUp = count / 4;
  const run = { system: 'goflow', redis, concurrency: 100, meter } as const;
  const { ratePerS, costs } = await runHere({ ...run, warmUp, count: count - warmUp });
  await client.close();
  return {
    push: (count / ms) * 1_000,
    run: ratePerS,
    pushRedisUs: pushed.redisCpuUs,
    runRedisUs: costs.redisCpuUs,
  };
}
