import { GoflowError } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { MAX_BYTES_UNDER_WAY } from '../bytes-under-way.js';

/**
 * What waits in this process to be written to Redis. A push whose time is up is given up, but its command cannot be taken back: it stays in
 * memory until Redis reads it, or the connection is cut. Without a limit here a Redis that is slow, and answers now and then, would fill the
 * memory though no more pushes than allowed are under way.
 *
 * @returns CLIENT_OVERLOADED, where too much waits. Not asked of a cluster, which has a connection for each node.
 */
export function overloadOf(redis: Redis | Cluster): GoflowError | undefined {
  if (redis.isCluster) return undefined;
  const bytes = (redis as Redis).stream?.writableLength ?? 0;
  if (bytes < MAX_BYTES_UNDER_WAY) return undefined;
  return new GoflowError(
    'CLIENT_OVERLOADED',
    `${bytes} bytes wait to be written to Redis, which does not read as fast; nothing was sent`,
    { details: { bytes, sent: false } },
  );
}
