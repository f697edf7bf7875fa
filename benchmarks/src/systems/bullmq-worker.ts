import { Worker } from 'bullmq';
import { connectionOf, QUEUE } from './bullmq-connection.js';
import { handlerOf, type MeasuredWorker, type TinyPayload, type WorkerOptions } from './system.js';

/** Raw BullMQ's worker as its documentation shows it. */
export async function openWorker(options: WorkerOptions): Promise<MeasuredWorker> {
  const { redis, concurrency, begins, onFinished } = options;
  const handler = handlerOf(options);
  const worker = new Worker<TinyPayload>(QUEUE, (job) => handler(job.data), {
    connection: connectionOf(redis),
    concurrency,
    autorun: begins === 'at once',
  });
  worker.on('completed', onFinished);
  worker.on('error', (error) => process.stderr.write(`bullmq: ${error.message}\n`));
  await worker.waitUntilReady();
  return {
    begin: async () => {
      worker.run().catch((error: unknown) => process.stderr.write(`bullmq: ${String(error)}\n`));
    },
    stop: () => worker.close(),
  };
}
