import { cleanPrefix, testPrefix } from '@goflow/testing';
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

/** A plain connection, closed when the test ends. */
export function openRedis(url: string): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  redis.on('error', () => undefined);
  onTestFinished(() => redis.disconnect());
  return redis;
}
