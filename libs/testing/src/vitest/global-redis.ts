import { Redis } from 'ioredis';
import type { TestProject } from 'vitest/node';
import { findRedis } from '../redis/find-redis.js';
import { RedisServer } from '../redis/redis-server.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The Redis of this run: `inject('redisUrl')`. Shared, so use `testPrefix()` for keys. */
    redisUrl: string;
  }
}

/**
 * Gives the whole test run one Redis: the one that `REDIS_URL` names, else a private server that ends with the run.
 * vitest calls it as `globalSetup`.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const source = await findRedis();
  if (source.kind === 'url') {
    await checkAnswers(source.url);
    project.provide('redisUrl', source.url);
    return async () => undefined;
  }
  const server = await RedisServer.start({ program: source.path });
  project.provide('redisUrl', server.url);
  return () => server.stop();
}

async function checkAnswers(url: string): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 5_000,
    retryStrategy: () => null,
  });
  let last: unknown;
  redis.on('error', (error) => (last = error));
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    throw new Error(
      'REDIS_URL is set, but no Redis answers there: start it, correct REDIS_URL, or unset it to use a private server',
      { cause: last ?? error },
    );
  } finally {
    redis.disconnect();
  }
}
