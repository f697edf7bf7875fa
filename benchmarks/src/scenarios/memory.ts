import { CostMeter } from '../costs.js';
import { checkResults, checkWaiting } from '../phases/checks.js';
import { fill } from '../phases/fill.js';
import { runHere } from '../phases/run-here.js';
import { defineScenario, type Scenario } from '../scenario.js';
import { openClient } from '../systems/open.js';

/** What a task takes in Redis. */
export const memory = memoryOf({
  name: 'memory',
  about: 'What tiny tasks take in Redis while they wait, and with their results once completed.',
  title: 'Redis memory',
  reach: 1.15,
});

/** What a task of a chunk takes in Redis. */
export const memoryChunks = memoryOf({
  name: 'memory-chunks',
  about:
    'What tiny tasks in chunks of 100 take in Redis, waiting and completed, against single jobs of BullMQ.',
  title: 'chunks of 100: Redis memory',
  reach: 0.35,
  chunk: 100,
});

interface Kind {
  readonly name: string;
  readonly about: string;
  readonly title: string;
  readonly reach: number;
  readonly chunk?: number;
}

function memoryOf({ name, about, title, reach, chunk }: Kind): Scenario {
  const figure = (key: string, state: string) =>
    ({
      key,
      title: `${title} per ${state} task`,
      unit: 'B/task',
      reach: { of: 'ratio', is: '<=', than: reach },
    }) as const;
  return defineScenario({
    name,
    about,
    sizes: { full: { count: 50_000 }, quick: { count: 6_000 } },
    rounds: 3,
    systems: ['goflow', 'bullmq'],
    figures: () => [figure('queued', 'queued'), figure('finished', 'finished')],
    async measure({ system, redis, size: { count } }) {
      const meter = await CostMeter.open(redis);
      const client = await openClient(system, { redis, chunk });
      const ids = await fill(client, count);
      await checkWaiting(client, count);
      await client.close();
      const queued = await meter.bytesPerTask(count);
      await runHere({ system, redis, concurrency: 100, warmUp: 1, count: count - 1, meter });
      const finished = await meter.bytesPerTask(count);
      const reader = await openClient(system, { redis });
      await checkResults(reader, ids);
      await reader.close();
      return { values: { queued, finished } };
    },
  });
}
