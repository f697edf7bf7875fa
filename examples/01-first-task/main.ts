import { createGoflow, defineTasks } from '@goflow/sdk';
import { createWorker } from '@goflow/worker';
import { z } from 'zod';
import { exampleRedis } from '../redis.js';

await using server = await exampleRedis();
const redis = { redis: server.url, prefix: server.prefix }; // yours: { redis: 'redis://localhost:6379' }

const tasks = defineTasks({ repeater: { payload: z.string(), result: z.string() } });

await using worker = createWorker({ tasks, handlers: { repeater: (text) => text }, ...redis });
await worker.start();

await using goflow = createGoflow({ tasks, ...redis });
const id = await goflow.push('repeater', 'hello');
console.log('pushed', id);
console.log('wait gives', await goflow.wait(id));
console.log('getResult gives', await goflow.getResult(id));
