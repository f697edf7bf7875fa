import { setTimeout as delay } from 'node:timers/promises';
import { createGoflow } from '@goflow/sdk';
import { createWorker, defineHandlers } from '@goflow/worker';
import { countRun, cpuMsSince, type Job, type Measure, SETTLE_MS } from './measurement.js';
import { tasks } from './tasks.js';

const SLICE = 1_000;

/** goflow with everything on: schemas, metrics, results kept, log at info. */
export const measureGoflow: Measure = async (job: Job) => {
  const { redis, count, concurrency } = job;
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
  const worker = createWorker({ tasks, handlers, redis, concurrency: 0, http: { port: 0 } });
  const ran = new Promise<{ runMs: number; runCpuMs: number }>((resolve) => {
    worker.on('task:finished', countRun(job, resolve));
  });
  await worker.start();
  await delay(SETTLE_MS);
  await worker.setConcurrency(concurrency);
  const { runMs, runCpuMs } = await ran;
  await worker.stop();
  await goflow.close();
  return { pushMs, pushCpuMs, runMs, runCpuMs };
};
