import { createGoflow } from '@goflow/sdk';
import { tasks } from '../tasks.js';
import { type ClientOptions, type MeasuredClient, payloadOf } from './system.js';

/** goflow's client, as anybody would make it. */
export async function openClient({ redis, chunk }: ClientOptions): Promise<MeasuredClient> {
  const goflow = createGoflow({ tasks, redis });
  await goflow.ping();
  const options = chunk === undefined ? undefined : { chunk };
  return {
    push: (n) => goflow.push('tiny', payloadOf(n)),
    pushMany: (numbers) => goflow.pushMany('tiny', numbers.map(payloadOf), options),
    request: async (n) => (await goflow.wait(await goflow.push('tiny', payloadOf(n)))).n,
    result: async (id) => {
      const result = await goflow.getResult(id);
      return result.status === 'completed' ? (result.value as { n: number }).n : undefined;
    },
    waiting: async () => (await goflow.counts()).waiting,
    close: () => goflow.close(),
  };
}
