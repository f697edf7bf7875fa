import { exampleRedis, NoRedisError } from '../redis.js';
import { startCluster } from './cluster.js';
import type { Deployment } from './deployment.js';
import { startLocal } from './local.js';

/**
 * Starts what digests: two worker processes on Redis, or this process alone where that is asked for or no Redis can be had.
 *
 * @throws BROKER_UNAVAILABLE when nothing answers at `REDIS_URL`: who names a Redis wants that one
 */
export async function startDeployment(isLocal: boolean): Promise<Deployment> {
  if (isLocal) return startLocal('as asked');
  try {
    return await startCluster(await exampleRedis());
  } catch (error) {
    if (error instanceof NoRedisError) return startLocal(error.why);
    throw error;
  }
}
