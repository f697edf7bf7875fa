import { createGoflow, createRedisResultStore, defineTasks, isGoflowError } from '@goflow/sdk';
import { createWorker } from '@goflow/worker';
import { z } from 'zod';
import { exampleRedis } from '../redis.js';

await using server = await exampleRedis();
const redis = { redis: server.url, prefix: server.prefix };

const tasks = defineTasks({
  'report.render': { payload: z.object({ pages: z.int() }), result: z.string() },
});

// Worker and client have the same store. Here it is the Redis of the tasks; it could be another, Postgres, or your own.
const resultStore = createRedisResultStore(redis);
await using worker = createWorker({
  tasks,
  handlers: { 'report.render': ({ pages }) => 'lorem ipsum '.repeat(100 * pages) },
  resultStore,
  storeResultsAbove: 10_000,
  ...redis,
});
await worker.start();
await using goflow = createGoflow({ tasks, resultStore, ...redis });

// 1. Large results go to the store, small ones stay with their tasks. Who asks need not know.
const small = await goflow.push('report.render', { pages: 1 });
const large = await goflow.push('report.render', { pages: 500 });
for (const id of [small, large]) {
  const report = await goflow.wait(id);
  const task = await goflow.inspector.get(id);
  const place = task?.isStored ? 'in the store' : 'with the task';
  console.log(`${report.length} characters, kept ${place}`);
}

// 2. Who asks without the store is told so, and never given half an answer.
await using other = createGoflow({ tasks, ...redis });
try {
  await other.getResult(large);
} catch (error) {
  if (!isGoflowError(error, 'RESULT_STORE_MISSING')) throw error;
  console.log(`a client without the store: ${error.code}`);
}

await resultStore.close();
