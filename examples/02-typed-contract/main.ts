import { createGoflow, isGoflowError, TaskFailedError, type TaskResult } from '@goflow/sdk';
import { createWorker } from '@goflow/worker';
import { exampleRedis } from '../redis.js';
import { handlers } from './handlers.js';
import { tasks } from './tasks.js';

await using server = await exampleRedis();
const redis = { redis: server.url, prefix: server.prefix };
await using worker = createWorker({ tasks, handlers, ...redis });
await worker.start();
await using goflow = createGoflow({ tasks, ...redis });

// 1. Defaults and transforms. The compiler knows that `text` is a string, and `invoice.total` too.
const text = await goflow.wait(await goflow.push('greeting.write', { name: '  Ada ' }));
console.log(`greeting.write: ${text}`);
const lines = [{ price: 19.9, count: 3 }];
const invoice = await goflow.wait(
  await goflow.push('invoice.total', { lines, issued: '2026-01-31' }),
);
console.log(`invoice.total: ${invoice.total} in ${invoice.year}`);

// 2. A payload that breaks its contract is refused before it is sent, and the field is named.
try {
  await goflow.push('invoice.total', { lines: [{ price: -1, count: 1 }], issued: '2026-01-31' });
} catch (error) {
  if (!isGoflowError(error, 'PAYLOAD_INVALID')) throw error;
  console.log(`refused: ${error.message}`);
}

// 3. RetryLaterError: tried again after the delay that the handler chose.
const weather = await goflow.push('weather.fetch', 'Oslo');
await goflow.wait(weather);
console.log(`weather.fetch: ${describe(await goflow.getResult(weather))}`);

// 4. NonRetryableError: failed at once. `wait` throws it, `getResult` tells it as a value.
const charge = await goflow.push('card.charge', { card: 'visa', cents: 999 });
try {
  await goflow.wait(charge);
} catch (error) {
  if (!(error instanceof TaskFailedError)) throw error;
  console.log(`card.charge: wait threw ${error.name}: ${error.failure.message}`);
}
console.log(`card.charge: ${describe(await goflow.getResult(charge))}`);

// 5. Every id has an answer, and "not yet" is one of them.
const later = await goflow.push('greeting.write', { name: 'Bob' }, { delay: '1h' });
console.log(`pushed for later: ${describe(await goflow.getResult(later))}`);
console.log(`no such task: ${describe(await goflow.getResult('default:nobody-pushed-this'))}`);

/** The compiler knows which fields each status has. */
function describe(result: TaskResult): string {
  switch (result.status) {
    case 'completed':
      return `completed in attempt ${result.attempts}: ${JSON.stringify(result.value)}`;
    case 'failed':
      return `failed in attempt ${result.attempts}: ${result.failure.code}`;
    default:
      return result.status;
  }
}
