import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';

const TEST_PREFIX = /^t-[0-9a-f]{16}$/;

/** A key prefix that no other test has: tests share one Redis, which may be the user's own. */
export function testPrefix(): string {
  return `t-${randomBytes(8).toString('hex')}`;
}

/**
 * Removes the keys that begin with a {@link testPrefix}, and nothing else. Gives how many there were.
 *
 * @throws Error when `prefix` was not made by {@link testPrefix}.
 */
export async function cleanPrefix(url: string, prefix: string): Promise<number> {
  if (!TEST_PREFIX.test(prefix))
    throw new Error(`cleanPrefix removes only what testPrefix() named, not '${prefix}*'`);
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  try {
    await redis.connect();
    let removed = 0;
    for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 }))
      removed += await unlink(redis, keys as string[]);
    return removed;
  } finally {
    redis.disconnect();
  }
}

async function unlink(redis: Redis, keys: string[]): Promise<number> {
  return keys.length === 0 ? 0 : redis.unlink(...keys);
}
