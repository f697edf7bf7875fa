import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { newPlace, openRedis, type Place } from '../support/redis.js';
import { makeWorker, openClient } from '../support/system.js';

const tasks = defineTasks({ echo: { payload: z.string(), result: z.string(), maxAttempts: 1 } });

/** A worker whose lease, and with it the patience before a rebuild, is a second: a look comes with each sign of life, every 4 s. */
async function startWorker(place: Place) {
  const rebuilt: string[] = [];
  const handlers = { echo: async (payload: string) => payload };
  const options = { tasks, handlers, concurrency: 4, lease: '1s', http: { port: 0 } } as const;
  const worker = makeWorker(options, place);
  worker.on('consumer:rebuilt', ({ queue }) => rebuilt.push(queue));
  await worker.start();
  const livez = async (): Promise<readonly [number, unknown]> => {
    const response = await fetch(`${worker.httpUrl}/livez`);
    return [response.status, await response.json()];
  };
  return { worker, rebuilt, livez };
}

test('what was rebuilt takes nothing either: /livez says 503 and why, and 200 again when a task is taken', async () => {
  const place = newPlace();
  const { worker, rebuilt, livez } = await startWorker(place);
  const goflow = openClient(tasks, place);
  const redis = openRedis(place.redis);
  const key = `${place.prefix}:{default}:delayed`;
  // Whoever asks for tasks looks for delayed ones first, and now meets an error each time. Nothing else does.
  await redis.set(key, 'a text where a sorted set is expected');
  const id = await goflow.push('echo', 'waiting');
  await until(async () => (await livez())[0] === 503, {
    what: 'not to be live',
  });
  expect(rebuilt.length).toBeGreaterThan(0);
  expect(await livez()).toEqual([
    503,
    { status: 'not live', reason: 'tasks wait and none is taken: default' },
  ]);
  await redis.del(key);
  expect(await goflow.wait(id)).toBe('waiting');
  expect(await livez()).toEqual([200, { status: 'live' }]);
  const metrics = await worker.metrics.text();
  expect(metrics).toContain(`goflow_consumers_rebuilt_total{queue="default"} ${rebuilt.length}\n`);
});

test('tasks that nobody may take are no reason: a paused queue, no concurrency, tasks for later', async () => {
  const place = newPlace();
  const { worker, rebuilt, livez } = await startWorker(place);
  const goflow = openClient(tasks, place);
  const redis = openRedis(place.redis);
  await worker.setConcurrency(0);
  await goflow.push('echo', 'waiting');
  await goflow.push('echo', 'later', { delay: '1h' });
  const beats = beatsOf(place);
  await until(async () => (await beats()) >= 3, { what: 'three signs of life' });
  await redis.hset(`${place.prefix}:{default}:meta`, 'paused', 1);
  await worker.setConcurrency(4);
  const more = beatsOf(place);
  await until(async () => (await more()) >= 4, { what: 'four more' });
  expect(rebuilt).toEqual([]);
  expect(await livez()).toEqual([200, { status: 'live' }]);
});

/** How often the only worker of a place has given a sign of life, as far as one sees who looks often. */
function beatsOf(place: Place): () => Promise<number> {
  const goflow = openClient(tasks, place);
  const seen = new Set<number>();
  return async () => {
    for (const { seenAt } of await goflow.inspector.workers()) seen.add(Number(seenAt));
    return seen.size;
  };
}
