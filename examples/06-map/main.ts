import { setTimeout as sleep } from 'node:timers/promises';
import { createGoflow, type TaskId } from '@goflow/sdk';
import { createWorker } from '@goflow/worker';
import { exampleRedis } from '../redis.js';
import { handlers } from './handlers.js';
import { type Order, tasks } from './tasks.js';

await using server = await exampleRedis();
const redis = { redis: server.url, prefix: server.prefix };
await using worker = createWorker({ tasks, handlers, ...redis });
await worker.start();
await using goflow = createGoflow({ tasks, ...redis });

// 1. A task for each item of a source that may have no end, and the outcomes as they come.
let [read, taken, ahead] = [0, 0, 0];
const failed: TaskId<'order.tax'>[] = [];
for await (const { id, result, error } of goflow.map('order.tax', orders(200), { inFlight: 10 })) {
  if (error) throw error; // This one could not be pushed.
  if (result.status === 'failed') failed.push(id);
  taken += 1;
  await sleep(2); // Who takes outcomes slowly slows down the source.
  ahead = Math.max(ahead, read - taken);
}
console.log(`${taken} outcomes, ${failed.length} of them failed`);
console.log(`the source was never read more than ${ahead} ahead`);

// 2. What failed for good is a dead letter: kept, and grouped by how it failed.
const { deadLetters } = goflow.inspector;
const { groups } = await deadLetters.groups({ type: 'order.tax' });
for (const { count, reason, message, fingerprint } of groups) {
  console.log(`dead letters: ${count} × ${message} (${reason})`);
  // 3. The mistake was in the orders: they go back to work with another payload.
  const payload = (order: unknown) => ({ ...(order as Order), country: 'GB' });
  const { redriven } = await deadLetters.redriveAll({ fingerprint }, { payload });
  console.log(`redriven: ${redriven}`);
}
const results = await goflow.waitAll(failed);
const completed = results.filter(({ status }) => status === 'completed');
console.log(`of those that had failed, ${completed.length} are completed now`);

/** As if read from a large file, line by line. Every 50th is of a country that has another code. */
async function* orders(lines: number): AsyncGenerator<Order> {
  for (let line = 1; line <= lines; line += 1) {
    read += 1;
    yield { line, country: line % 50 === 0 ? 'UK' : 'DE', cents: 1_000 };
  }
}
