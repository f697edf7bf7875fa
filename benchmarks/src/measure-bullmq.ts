import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { cpuMsSince, type Job, type Measure } from './measurement.js';

const SLICE = 1_000;

/** Raw BullMQ as its documentation recommends; completed jobs kept, as goflow keeps them. */
export const measureBullMq: Measure = async ({ redis, count, concurrency }: Job) => {
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
  const runCpu = process.cpuUsage();
  const worker = new Worker<{ n: number }>('tiny', async (job) => ({ n: job.data.n }), {
    connection,
    concurrency,
    autorun: false,
  });
  const ran = new Promise<number>((resolve) => {
    let finished = 0;
    let startedAt = 0;
    worker.on('completed', () => {
      // From the first to the last: starting a worker is another scenario.
      if (finished === 0) startedAt = performance.now();
      finished += 1;
      if (finished === count) resolve(performance.now() - startedAt);
    });
  });
  void worker.run();
  const runMs = await ran;
  const runCpuMs = cpuMsSince(runCpu);
  await worker.close();
  await queue.close();
  await connection.quit();
  return { pushMs, pushCpuMs, runMs, runCpuMs };
};
