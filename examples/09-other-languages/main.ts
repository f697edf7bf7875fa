import { exampleRedis } from '../redis.js';
import { startWorkerProcess } from '../worker-process.js';
import { ask, type Problem } from './client.js';
import { startGatewayProcess } from './gateway-process.js';

await using redis = await exampleRedis();
const tasks = new URL('tasks.js', import.meta.url);
const handlers = new URL('handlers/', import.meta.url);
const worker = await startWorkerProcess({ tasks, handlers, redis });
const gateway = await startGatewayProcess(tasks, redis);
console.log(`a gateway at ${gateway.url}, and a worker`);

// Pushed with a key, so that a request may be repeated when its answer was lost.
const push = () =>
  ask<{ id: string }>(gateway, 'POST /tasks/text.reverse', {
    headers: { 'idempotency-key': 'order 4711' },
    body: { payload: { text: 'wolfog' } },
  });
const pushed = await push();
const { id } = pushed.body;
console.log(`pushed: ${pushed.status}, task ${id}`);
const again = await push();
console.log(`pushed again: ${again.status}, ${again.body.id === id ? 'the same task' : 'another'}`);

const outcome = await ask<{ status: string; value: { text: string } }>(
  gateway,
  `GET /tasks/${id}/result?wait=30s`,
);
console.log(`the result: ${outcome.status}, ${outcome.body.status}, ${outcome.body.value.text}`);

const refused = await ask<Problem>(gateway, 'POST /tasks/text.reverse', { body: { payload: {} } });
console.log(`a wrong payload: ${refused.status}, ${refused.body.code}, ${refused.body.detail}`);

const { body } = await ask<{ components: { schemas: Record<string, object> } }>(
  gateway,
  'GET /openapi.json',
);
console.log('the payload:', JSON.stringify(body.components.schemas['text.reverse.payload']));

await Promise.all([gateway.program.stop(), worker.program.stop()]);
