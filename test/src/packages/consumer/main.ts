// What a user's program may look like. It is compiled and run where only the two tarballs are installed.
import { createGoflow, type GoflowError, isGoflowError, type TaskId } from '@goflow/sdk';
import {
  createWorker,
  defineHandlers,
  NonRetryableError,
  type TaskId as TaskIdOfWorker,
} from '@goflow/worker';
import { tasks } from './tasks.js';

const [, , redis = '', prefix = ''] = process.argv;

const handlers = defineHandlers(tasks, {
  repeater: async (payload) => payload.toUpperCase(),
  'image.resize': ({ width }, ctx) => ({ bytes: width * ctx.attempt }),
});

const goflow = createGoflow({ tasks, redis, prefix });
const worker = createWorker({ tasks, handlers, redis, prefix });
await worker.start();

const id = await goflow.push('repeater', 'hello');
const value: string = await goflow.wait(id);
const result = await goflow.getResult(id);
const resized = await goflow.wait(await goflow.push('image.resize', {}));

// Each package has its own copy of the kernel. Their types are the same, and so are their errors.
const there: TaskIdOfWorker<'repeater'> = id;
const back: TaskId<'repeater'> = there;
const error: GoflowError = new NonRetryableError('no');
const known = isGoflowError(error, 'NON_RETRYABLE') && back === id;

await worker.stop();
await goflow.close();
console.log(JSON.stringify({ value, status: result.status, bytes: resized.bytes, known }));
