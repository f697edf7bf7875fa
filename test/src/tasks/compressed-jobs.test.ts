import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { createGoflow, defineTasks } from '@goflow/sdk';
import { createWorker, defineHandlers } from '@goflow/worker';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { newPlace, type Place } from '../support/redis.js';

const tasks = defineTasks({ repeater: { payload: z.string(), result: z.string() } });
const LONG = 'as long as it takes '.repeat(500);

function rawConnection({ redis }: Place): Redis {
  const connection = new Redis(redis, { maxRetriesPerRequest: null });
  onTestFinished(() => connection.disconnect());
  return connection;
}

test('a raw BullMQ worker sees what is stored for a compressed payload, and can expand it', async () => {
  const place = newPlace();
  const goflow = createGoflow({ tasks, ...place, compressAbove: 1_000 });
  onTestFinished(() => goflow.close());
  const seen: unknown[] = [];
  const worker = new Worker(
    '{default}',
    async ({ data }) => {
      seen.push(data);
      const [, base64] = data['~gz'].split(',');
      return JSON.parse(inflateRawSync(Buffer.from(base64, 'base64')).toString());
    },
    { connection: rawConnection(place), prefix: place.prefix },
  );
  onTestFinished(() => worker.close());
  expect(await goflow.wait(await goflow.push('repeater', LONG))).toBe(LONG);
  expect(seen).toEqual([{ '~gz': expect.stringMatching(/^10002,[\w+/=]+$/) }]);
});

test('what another program compressed in the same way runs', async () => {
  const place = newPlace();
  const handlers = defineHandlers(tasks, { repeater: (payload) => payload });
  const goflow = createGoflow({ tasks, ...place });
  const worker = createWorker({ tasks, handlers, grace: '100ms', ...place });
  const queue = new Queue('{default}', { connection: rawConnection(place), prefix: place.prefix });
  onTestFinished(async () => {
    await worker.stop();
    await goflow.close();
    await queue.close();
  });
  await worker.start();
  const text = JSON.stringify(LONG);
  const deflated = deflateRawSync(text, { level: 9 }).toString('base64');
  const data = { '~gz': `${Buffer.byteLength(text)},${deflated}` };
  const { id } = await queue.add('repeater', data, { jobId: 'A'.repeat(22) });
  expect(await goflow.wait(`default:${id}`)).toBe(LONG);
});
