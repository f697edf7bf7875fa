import { setTimeout as delay } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { countRun, cpuMsSince, type Job, type Measure, SETTLE_MS } from './measurement.js';

const SLICE = 1_000;

/** Raw BullMQ as its documentation recommends; completed jobs kept, as goflow keeps them. */
export const measureBullMq: Measure = async (job: Job) => {
  const { redis, count, concurrency } = job;
  const connection = new Redis(redis, { maxRetriesPerRequest: null });
  const queue = new Queue('tiny', { connection });
  await queue.waitUntilReady();
  const pushStartedAt = performance.now();
  const pushCpu = process.cpuUsage();
  for (let at = 0; at < count; at += SLICE) {
    const pushes = Array.from({ length: Math.min(SLICE, count - at) }, (_, index) =>
      queue.add('tiny', { hello: 'world', n: at + index }),
    );
    await Promise.all(pushes);
  }
  const pushMs = performance.now() - pushStartedAt;
  const pushCpuMs = cpuMsSince(pushCpu);
  const worker = new Worker<{ n: number }>('tiny', async (job) => ({ n: job.data.n }), {
    connection,
    concurrency,
    autorun: false,
  });
  const ran = new Promise<{ runMs: number; runCpuMs: number }>((resolve) => {
    worker.on('completed', countRun(job, resolve));
  });
  await worker.waitUntilReady();
  await delay(SETTLE_MS);
  void worker.run();
  const { runMs, runCpuMs } = await ran;
  await worker.close();
  await queue.close();
  await connection.quit();
  return { pushMs, pushCpuMs, runMs, runCpuMs };
};
