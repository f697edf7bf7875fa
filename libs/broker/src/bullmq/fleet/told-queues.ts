import type { Cluster, Redis } from 'ioredis';
import { fleetKey } from '../keys.js';

/** Whether Redis refused a command because a key is of another type than goflow makes it. In a script the word is within the text. */
export const isForeign = (error: unknown): boolean =>
  error instanceof Error && error.message.includes('WRONGTYPE');

/** The queues that clients and workers told of. None where somebody else has the key. */
export async function toldQueues(redis: Redis | Cluster, prefix: string): Promise<string[]> {
  try {
    return await redis.smembers(fleetKey(prefix, 'queues'));
  } catch (error) {
    if (isForeign(error)) return [];
    throw error;
  }
}

/** Tells of queues, so that they are found without looking through all keys. Where somebody else has the key nothing is told. */
export async function tellQueues(
  redis: Redis | Cluster,
  prefix: string,
  queues: readonly string[],
): Promise<void> {
  if (queues.length === 0) return;
  try {
    await redis.sadd(fleetKey(prefix, 'queues'), ...queues);
  } catch (error) {
    if (!isForeign(error)) throw error;
  }
}
