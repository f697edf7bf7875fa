import { createGoflow } from '@goflow/sdk';
import type { ExampleRedis } from '../redis.js';
import { startWorkerProcess, type WorkerProcess } from '../worker-process.js';
import type { Deployment } from './deployment.js';
import { tasks } from './tasks.js';

const WORKERS = 2;

/** Starts two worker processes and a client, and waits until the workers take tasks. Disposing of it closes Redis, too. */
export async function startCluster(redis: ExampleRedis): Promise<Deployment> {
  try {
    const workers = await startWorkers(redis);
    const goflow = createGoflow({ tasks, redis: redis.url, prefix: redis.prefix });
    let stopping = false;
    const broken = firstToEnd(workers, () => stopping);
    const stop = async () => {
      stopping = true;
      await goflow.close();
      await Promise.all(workers.map(({ program }) => program.stop()));
      await redis[Symbol.asyncDispose]();
    };
    return {
      mode: 'Redis',
      place: placeOf(redis),
      workers,
      goflow,
      broken,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await redis[Symbol.asyncDispose]();
    throw error;
  }
}

/** The address in REDIS_URL may hold a password. */
function placeOf({ owner, url }: ExampleRedis): string {
  return owner === 'yours' ? 'the one of REDIS_URL' : `${url}, a private one`;
}

async function startWorkers(redis: ExampleRedis): Promise<WorkerProcess[]> {
  const options = {
    tasks: new URL('tasks.js', import.meta.url),
    handlers: new URL('handlers/', import.meta.url),
    redis,
    flags: ['--grace', '3s'],
  };
  const started = await Promise.allSettled(
    Array.from({ length: WORKERS }, () => startWorkerProcess(options)),
  );
  const workers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = started.find((one) => one.status === 'rejected');
  if (!failed) return workers;
  await Promise.all(workers.map(({ program }) => program.stop()));
  throw failed.reason;
}

function firstToEnd(workers: readonly WorkerProcess[], isStopping: () => boolean): Promise<never> {
  const broken = new Promise<never>((_resolve, reject) => {
    for (const { pid, program } of workers)
      void program.exited.then(({ code, signal }) => {
        if (isStopping()) return;
        const last = (program.stderr || program.stdout).trim().split('\n').at(-1);
        reject(new Error(`worker ${pid} ended early (code ${code}, signal ${signal}): ${last}`));
      });
  });
  // Whoever races it hears of it; until then it is no unhandled rejection.
  broken.catch(() => undefined);
  return broken;
}
