import type { Redis } from 'ioredis';

const LISTS = ['wait', 'paused', 'active'];
const SETS = ['prioritized', 'delayed', 'completed', 'failed', 'cancelled', 'expired'];

/** The lists and sets of a queue that a job is in: once for each time that it is in a list. One that is in none can never end. */
export async function placesOf(redis: Redis, base: string, unique: string): Promise<string[]> {
  const inLists = LISTS.map(async (part) =>
    (await redis.lrange(base + part, 0, -1)).filter((id) => id === unique).map(() => part),
  );
  const inSets = SETS.map(async (part) =>
    (await redis.zscore(base + part, unique)) === null ? [] : [part],
  );
  return (await Promise.all([...inLists, ...inSets])).flat();
}
