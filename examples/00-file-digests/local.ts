import { createLocalGoflow } from '@goflow/local';
import type { Deployment } from './deployment.js';
import { handlers } from './handlers/file-digest.js';
import { tasks } from './tasks.js';

/** As many as the two worker processes of the cluster together. */
const CONCURRENCY = 20;

/** Client and worker in this process, and no Redis. `why` is for the report. */
export async function startLocal(why: string): Promise<Deployment> {
  const goflow = createLocalGoflow({
    tasks,
    handlers,
    concurrency: CONCURRENCY,
    grace: '3s',
    http: { port: 0 },
  });
  // It takes tasks without this, too; but only then it is known where its metrics are.
  await goflow.worker.start();
  return {
    mode: 'local mode',
    place: `one process, ${CONCURRENCY} tasks at once: ${why}`,
    workers: [{ pid: process.pid, url: goflow.worker.httpUrl ?? '' }],
    goflow,
    // The worker ends with this process, not before.
    broken: new Promise(() => undefined),
    [Symbol.asyncDispose]: () => goflow.close(),
  };
}
