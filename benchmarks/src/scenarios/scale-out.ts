import { CostMeter } from '../costs.js';
import { fill } from '../phases/fill.js';
import { WorkerGroup } from '../processes/worker-group.js';
import { defineScenario, type MeasureJob } from '../scenario.js';
import { openClient } from '../systems/open.js';

interface Size {
  /** How many workers are in each group. Before them one worker alone is measured. */
  readonly workers: readonly number[];
  /**
   * How long each group runs before it is measured, about. V8 compiles what is hot after some thousand tasks in each process; a quick run
   * does not wait for that.
   */
  readonly warmUpS: number;
  /** How long each group is measured, about. */
  readonly measuredS: number;
}

const CONCURRENCY = 10;
const WAIT_MS = 20;
/** What one worker could do at most. */
const PER_WORKER_S = CONCURRENCY * (1_000 / WAIT_MS);

/** More workers, more tasks a second. */
export const scaleOut = defineScenario<Size>({
  name: 'scale-out',
  about:
    '1, 2, 4 and 8 worker processes (quick: 1 and 4), 10 tasks at once each, handlers that wait 20 ms.',
  sizes: {
    full: { workers: [2, 4, 8], warmUpS: 8, measuredS: 3 },
    quick: { workers: [4], warmUpS: 0.3, measuredS: 0.6 },
  },
  rounds: 2,
  systems: ['goflow', 'bullmq'],
  figures: ({ workers }) =>
    workers.map((count) => ({
      key: `of ${count}`,
      title: `scale out, ${count} workers, of linear`,
      unit: 'x',
      reach: { of: 'itself', is: '>=', than: 0.95 },
    })),
  async measure(job) {
    const meter = await CostMeter.open(job.redis);
    const values: Record<string, number> = {};
    const one = await rateOf(job, { workers: 1, meter });
    values['with 1, tasks/s'] = one;
    for (const workers of job.size.workers) {
      const rate = await rateOf(job, { workers, meter });
      values[`with ${workers}, tasks/s`] = rate;
      values[`of ${workers}`] = rate / (workers * one);
    }
    return { values };
  },
});

/** Tasks a second of so many workers, while there are more tasks than they can take. */
async function rateOf(
  { system, redis, size }: MeasureJob<Size>,
  { workers, meter }: { readonly workers: number; readonly meter: CostMeter },
): Promise<number> {
  await meter.redis.flushall();
  const client = await openClient(system, { redis });
  const measured = Math.round(PER_WORKER_S * workers * size.measuredS);
  const warmUp = Math.round(PER_WORKER_S * workers * size.warmUpS);
  await fill(client, warmUp + measured + PER_WORKER_S * workers);
  await client.close();
  const order = { system, redis, concurrency: CONCURRENCY, waitMs: WAIT_MS } as const;
  await using group = await WorkerGroup.start(workers, { ...order, begins: 'when told' });
  group.begin();
  const first = await group.until(warmUp);
  const last = await group.until(warmUp + measured);
  return ((last.finished - first.finished) / (last.at - first.at)) * 1_000;
}
