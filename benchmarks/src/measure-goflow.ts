import { createGoflow } from '@goflow/sdk';
import { createWorker, defineHandlers } from '@goflow/worker';
import { cpuMsSince, type Job, type Measure } from './measurement.js';
import { tasks } from './tasks.js';

const SLICE = 1_000;

/** goflow with everything on: schemas, metrics, results kept, log at info. */
export const measureGoflow: Measure = async ({ redis, count, concurrency }: Job) => {
  const goflow = createGoflow({ tasks, redis });
  const pushStartedAt = performance.now();
  const pushCpu = process.cpuUsage();
  for (let at = 0; at < count; at += SLICE) {
    const pushes = Array.from({ length: Math.min(SLICE, count - at) }, (_, index) =>
      goflow.push('tiny', { hello: 'world', n: at + index }),
    );
    await Promise.all(pushes);
  }
  const pushMs = performance.now() - pushStartedAt;
  const pushCpuMs = cpuMsSince(pushCpu);
  const handlers = defineHandlers(tasks, { tiny: async ({ n }) => ({ n }) });
  const worker = createWorker({ tasks, handlers, redis, concurrency, http: { port: 0 } });
  const ran = new Promise<{ runMs: number; runCpuMs: number }>((resolve) => {
    let finished = 0;
    let startedAt = 0;
    let cpu = process.cpuUsage();
    worker.on('task:finished', () => {
      // From the first to the last: starting a worker is another scenario.
      if (finished === 0) {
        startedAt = performance.now();
        cpu = process.cpuUsage();
      }
      finished += 1;
      if (finished === count)
        resolve({ runMs: performance.now() - startedAt, runCpuMs: cpuMsSince(cpu) });
    });
  });
  await worker.start();
  const { runMs, runCpuMs } = await ran;
  await worker.stop();
  await goflow.close();
  return { pushMs, pushCpuMs, runMs, runCpuMs };
};
