import { createGoflow, defineTasks } from '@goflow/sdk';
import { cleanPrefix, findRedis, RedisServer, testPrefix } from '@goflow/testing';

/** The Redis of one example. In a program of your own there is only a URL: `redis: 'redis://localhost:6379'`. */
export interface ExampleRedis extends AsyncDisposable {
  readonly url: string;
  /** What the keys of this run begin with, so that it meets nobody else's tasks. */
  readonly prefix: string;
  /** Whose server it is. A private one ends with the example; from yours only the keys of this run are removed. */
  readonly owner: 'private' | 'yours';
}

/**
 * Opens the Redis that `REDIS_URL` names; without it, starts a private one on a free port.
 *
 * @throws BROKER_UNAVAILABLE when nothing answers at `REDIS_URL`
 * @throws Error that says what to do when there is no Redis and none can be installed
 */
export async function exampleRedis(): Promise<ExampleRedis> {
  const source = await findRedis();
  const prefix = testPrefix();
  if (source.kind === 'program') {
    const server = await RedisServer.start({ program: source.path });
    return {
      url: server.url,
      prefix,
      owner: 'private',
      [Symbol.asyncDispose]: () => server.stop(),
    };
  }
  const { url } = source;
  await checkAnswers(url, prefix);
  const removeKeys = async () => void (await cleanPrefix(url, prefix));
  return { url, prefix, owner: 'yours', [Symbol.asyncDispose]: removeKeys };
}

/** A worker waits for a Redis that is away, as it should; an example had better say so at once. */
async function checkAnswers(url: string, prefix: string): Promise<void> {
  await using goflow = createGoflow({ tasks: defineTasks({}), redis: url, prefix, timeout: '2s' });
  await goflow.counts();
}
