import { createGoflow, defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { createWorker } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { newPlace, openRedis, type Place } from '../support/redis.js';

const tasks = defineTasks({ echo: { payload: z.number(), result: z.number() } });

/** One life of a client and a worker, with work in it. */
async function liveOnce(place: Place, n: number): Promise<void> {
  const goflow = createGoflow({ tasks, ...place });
  const handlers = { echo: (payload: number) => payload };
  const worker = createWorker({ tasks, handlers, ...place, http: { port: 0 }, grace: '1s' });
  await worker.start();
  expect(await goflow.wait(await goflow.push('echo', n))).toBe(n);
  await Promise.all([worker.stop(), goflow.close()]);
}

/** What may pile up in a process: resources by kind, listeners of signals and errors. */
function heldByProcess(): Readonly<Record<string, number>> {
  const held: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) held[kind] = (held[kind] ?? 0) + 1;
  for (const event of process.eventNames())
    held[`listeners of ${String(event)}`] = process.listenerCount(event);
  return held;
}

const notMoreThan = (before: Readonly<Record<string, number>>): string[] =>
  Object.entries(heldByProcess())
    .filter(([kind, count]) => count > (before[kind] ?? 0))
    .map(([kind, count]) => `${kind}: ${count}, was ${before[kind] ?? 0}`);

test('a client and a worker that start and stop fifty times leave nothing behind', async () => {
  const place = newPlace();
  const redis = openRedis(place.redis);
  // A user of its own: other tests have connections to the same Redis.
  const name = `cycles-${place.prefix}`;
  const connections = async (): Promise<number> => {
    const clients = String(await redis.client('LIST')).split('\n');
    return clients.filter((client) => client.includes(` user=${name} `)).length;
  };
  await redis.call('ACL', 'SETUSER', name, 'on', '>secret', '~*', '&*', '+@all');
  const url = new URL(place.redis);
  [url.username, url.password] = [name, 'secret'];
  const own = { ...place, redis: url.href };
  try {
    await liveOnce(own, 0);
    await until(async () => (await connections()) === 0, { what: 'the first to be gone' });
    const before = heldByProcess();
    for (let n = 1; n <= 50; n += 1) await liveOnce(own, n);
    await until(async () => (await connections()) === 0, { what: 'all connections to be closed' });
    await until(() => notMoreThan(before).length === 0, { what: 'all to be given back' }).catch(
      () => expect(notMoreThan(before)).toEqual([]),
    );
  } finally {
    await redis.call('ACL', 'DELUSER', name);
  }
});
