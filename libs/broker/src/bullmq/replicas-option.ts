import { checkInteger, invalidOption, toMs } from '@goflow/shared';
import { isOfCluster, type RedisGiven } from './redis-given.js';

/** How many replicas must have a push, or a change of the fleet, before it counts as done. */
export interface ReplicasOptions {
  /** 0 to 10. @default 0: no replica is waited for */
  readonly minReplicas?: number | undefined;
  /** How long they are waited for: '10ms' to '4s', not longer than `timeout`. @default '1s', or `timeout` where that is shorter */
  readonly replicaTimeout?: unknown;
}

/** {@link ReplicasOptions}, checked. */
export interface ResolvedReplicas {
  readonly wanted: number;
  readonly timeoutMs: number;
}

const MAX_REPLICAS = 10;
/** Redis is silent while it waits: longer, and the connection would be taken for half-open. */
const LIMITS = { minMs: 10, maxMs: 4_000 };
const DEFAULT_MS = 1_000;

/**
 * Checks the options. Needs nothing of ioredis, which takes long to load.
 *
 * @returns undefined when no replica is to be waited for
 * @throws OPTION_INVALID
 */
export function resolveReplicas(
  { minReplicas = 0, replicaTimeout }: ReplicasOptions,
  redis: RedisGiven,
  timeoutMs: number,
): ResolvedReplicas | undefined {
  const wanted = checkInteger('minReplicas', minReplicas, [0, MAX_REPLICAS]);
  const waitMs = toMs('replicaTimeout', replicaTimeout ?? Math.min(DEFAULT_MS, timeoutMs), LIMITS);
  if (waitMs > timeoutMs)
    throw invalidOption('replicaTimeout', '`timeout` at most', replicaTimeout);
  if (wanted === 0) return undefined;
  // ioredis sends WAIT to any node, and does not tell which node, and which connection, a write went over.
  if (isOfCluster(redis)) throw invalidOption('minReplicas', '0 with a Redis Cluster', minReplicas);
  return { wanted, timeoutMs: waitMs };
}
