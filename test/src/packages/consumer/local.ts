// What a user's program without Redis may look like. The packages that it is made of each have their own copy of the kernel.
import { createFakeClock, createLocalGoflow, runHandler } from '@goflow/local';
import { type Goflow, isGoflowError, type TaskDefinitions } from '@goflow/sdk';
import { defineHandlers, NonRetryableError } from '@goflow/worker';
import { tasks } from './tasks.js';

const handlers = defineHandlers(tasks, {
  repeater: async (payload) => {
    if (payload === '') throw new NonRetryableError('nothing to repeat');
    return payload.toUpperCase();
  },
  'image.resize': ({ width }, ctx) => ({ bytes: width * ctx.attempt }),
});

const clock = createFakeClock();
await using goflow = createLocalGoflow({ tasks, handlers, clock, concurrency: 2 });
const value: string = await goflow.wait(await goflow.push('repeater', 'hello'));

await goflow.push('repeater', 'one', { id: 'mine', delay: '1h' });
const taken = await codeOf(goflow.push('repeater', 'another', { id: 'mine' }));
const refusedId = await goflow.push('repeater', '');
await clock.runAll();
const refused = await goflow.getResult(refusedId);
const later = await goflow.getResult(goflow.idOf('repeater', 'mine'));

const run = await runHandler((width: number) => ({ bytes: width }), 640);
const left = await goflow.stop();
console.log(
  JSON.stringify({
    value,
    taken,
    refused: refused.status === 'failed' ? refused.failure.code : refused.status,
    later: later.status,
    outcome: run.outcome,
    left,
  }),
);

async function codeOf(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.catch((thrown: unknown) => thrown);
  return isGoflowError(error) ? error.code : 'no error of goflow';
}

/** Local mode is a client like any other. */
export const client: Pick<Goflow<TaskDefinitions>, 'ping' | 'counts'> = goflow;
