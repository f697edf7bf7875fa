import { cleanPrefix, RedisServer, testPrefix } from '@goflow/testing';
import { Redis } from 'ioredis';
import { inject, onTestFinished } from 'vitest';

/** Where one test keeps its keys. */
export interface Place {
  readonly redis: string;
  readonly prefix: string;
}

/** A prefix of the test's own in the Redis of the run; its keys are removed when the test ends. */
export function newPlace(): Place {
  const place = { redis: inject('redisUrl'), prefix: testPrefix() };
  onTestFinished(async () => {
    await cleanPrefix(place.redis, place.prefix);
  });
  return place;
}

/** A place in a Redis that no other test uses: to count or watch its commands. */
export async function newLonelyPlace(): Promise<Place> {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  return { redis: server.url, prefix: testPrefix() };
}

/** A plain connection, closed when the test ends. */
export function openRedis(url: string): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  redis.on('error', () => undefined);
  onTestFinished(() => redis.disconnect());
  return redis;
}
