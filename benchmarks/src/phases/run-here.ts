import { setTimeout as delay } from 'node:timers/promises';
import type { CostMeter, Costs } from '../costs.js';
import { openWorker } from '../systems/open.js';
import type { SystemName } from '../systems/system.js';

/** What {@link runHere} runs. */
export interface RunHere {
  readonly system: SystemName;
  readonly redis: string;
  readonly concurrency: number;
  /** Tasks that are run before the clock starts: by then Node has compiled what is hot. */
  readonly warmUp: number;
  /** Tasks that are measured. So many and the warm-up must wait in the queue. */
  readonly count: number;
  readonly meter: CostMeter;
}

/** Starting a worker is another scenario. */
const SETTLE_MS = 300;

/** Runs tasks that wait already, with a worker in this process. */
export async function runHere(run: RunHere): Promise<{ ratePerS: number; costs: Costs }> {
  const { system, redis, concurrency, warmUp, count, meter } = run;
  let finished = 0;
  let startedAt = 0;
  let uncounted = 0;
  let begun: Promise<void> | undefined;
  let end: (() => void) | undefined;
  const ended = new Promise<number>((resolve) => {
    end = () => resolve(performance.now());
  });
  // INFO takes a moment, in which tasks go on finishing.
  const beginCosts = async (): Promise<void> => {
    await meter.begin();
    uncounted = finished;
  };
  const onFinished = (): void => {
    finished += 1;
    if (finished === warmUp) {
      startedAt = performance.now();
      begun = beginCosts();
    }
    if (finished === warmUp + count) end?.();
  };
  const worker = await openWorker(system, {
    redis,
    concurrency,
    waitMs: 0,
    begins: 'when told',
    onFinished,
  });
  await delay(SETTLE_MS);
  await worker.begin();
  const endedAt = await ended;
  await begun;
  const costs = await meter.end(finished - uncounted);
  await worker.stop();
  return { ratePerS: (count / (endedAt - startedAt)) * 1_000, costs };
}
