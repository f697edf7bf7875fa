import { createWorker, defineHandlers } from '@goflow/worker';
import { tasks } from '../tasks.js';
import { logger } from './quiet-log.js';
import { handlerOf, type MeasuredWorker, type WorkerOptions } from './system.js';

/** goflow's worker with everything on: schemas, metrics over HTTP, history, results kept, log at info. */
export async function openWorker(options: WorkerOptions): Promise<MeasuredWorker> {
  const { redis, concurrency, begins, onFinished } = options;
  const handlers = defineHandlers(tasks, { tiny: handlerOf(options) });
  const first = begins === 'at once' ? concurrency : 0;
  const http = { port: 0 };
  const worker = createWorker({ tasks, handlers, redis, concurrency: first, http, logger });
  worker.on('task:finished', onFinished);
  await worker.start();
  return {
    begin: () => worker.setConcurrency(concurrency),
    stop: () => worker.stop(),
  };
}
