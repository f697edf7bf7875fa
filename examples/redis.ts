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

/** There is no Redis, and none can be had: it can neither be installed nor started. The message says what to do. */
export class NoRedisError extends Error {
  override readonly name = 'NoRedisError';
  /** The reason alone, in one line. */
  readonly why: string;

  constructor(cause: Error) {
    super(cause.message, { cause });
    const [, reason] = /not installed for you because (.+)$/s.exec(cause.message) ?? [];
    this.why =
      reason === undefined
        ? firstAndLast(cause.message)
        : `there is no Redis, and it was not installed because ${firstAndLast(reason)}`;
  }
}

/**
 * Opens the Redis that `REDIS_URL` names; without it, starts a private one on a free port.
 *
 * @throws BROKER_UNAVAILABLE when nothing answers at `REDIS_URL`
 * @throws NoRedisError
 */
export async function exampleRedis(): Promise<ExampleRedis> {
  const prefix = testPrefix();
  const found = await findOrStart();
  if (found instanceof RedisServer) {
    const stop = () => found.stop();
    return { url: found.url, prefix, owner: 'private', [Symbol.asyncDispose]: stop };
  }
  const { url } = found;
  await checkAnswers(url, prefix);
  const removeKeys = async () => void (await cleanPrefix(url, prefix));
  return { url, prefix, owner: 'yours', [Symbol.asyncDispose]: removeKeys };
}

async function findOrStart(): Promise<RedisServer | { readonly url: string }> {
  try {
    const source = await findRedis();
    if (source.kind === 'url') return source;
    return await RedisServer.start({ program: source.path });
  } catch (error) {
    throw new NoRedisError(error as Error);
  }
}

/** A worker waits for a Redis that is away, as it should; an example had better say so at once. */
async function checkAnswers(url: string, prefix: string): Promise<void> {
  await using goflow = createGoflow({ tasks: defineTasks({}), redis: url, prefix, timeout: '2s' });
  await goflow.counts();
}

/** What went wrong comes first, and the last words of what was run come last. */
function firstAndLast(text: string): string {
  const lines = text.trim().split('\n');
  return lines.length === 1 ? text : `${lines[0]} ${lines.at(-1)}`;
}
