import { createGoflow, defineTasks } from '@goflow/sdk';
import { cleanPrefix, testPrefix } from '@goflow/testing';
import { createWorker, type HttpOptions } from '@goflow/worker';
import { inject } from 'vitest';
import { z } from 'zod';

const tasks = defineTasks({ echo: { payload: z.string(), result: z.string() } });

/** A worker with an HTTP face, and a client, for all tests of a file. */
export async function serveWorker(http: Omit<HttpOptions, 'port'> = {}) {
  const place = { redis: inject('redisUrl'), prefix: testPrefix() };
  const handlers = { echo: (payload: string) => payload };
  const worker = createWorker({
    tasks,
    handlers,
    concurrency: 3,
    http: { port: 0, ...http },
    ...place,
  });
  await worker.start();
  const goflow = createGoflow({ tasks, ...place });
  /** A task goes all the way. */
  const works = async () => (await goflow.wait(await goflow.push('echo', 'well'))) === 'well';
  // Connected before the tests begin, which look for connections that are left open.
  await works();
  return {
    worker,
    url: worker.httpUrl ?? '',
    works,
    end: async () => {
      await Promise.all([worker.stop({ grace: 0 }), goflow.close()]);
      await cleanPrefix(place.redis, place.prefix);
    },
  };
}

/** What {@link serveWorker} gives. */
export type ServedWorker = Awaited<ReturnType<typeof serveWorker>>;
