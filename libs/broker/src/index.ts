/**
 * What a producer needs, and the result stores. Light: BullMQ and ioredis, whose only home is `bullmq/`, are loaded when a broker or a
 * store is made. Consumers are in `@goflow/broker/consumer`, brokers without Redis in `@goflow/broker/memory`.
 *
 * @module
 */

export { type AwayWarningOptions, warnWhenAway } from './away-warning.js';
export type { BullMqBrokerOptions } from './bullmq/bullmq-broker.js';
export { createDeferredBroker as createBullMqBroker } from './bullmq/deferred-broker.js';
export { createDeferredResultStore as createRedisResultStore } from './bullmq/deferred-result-store.js';
export { type ExamineOptions, examineRedis } from './bullmq/doctor/examine-redis.js';
export type {
  ClusterFacts,
  KeyFacts,
  NodeFacts,
  PrefixFacts,
  QueueFacts,
  RedisFacts,
} from './bullmq/doctor/facts.js';
export { isTooOld, MIN_REDIS_VERSION } from './bullmq/redis-audit.js';
export type { RedisGiven } from './bullmq/redis-given.js';
export type { RedisResultStore, RedisResultStoreOptions } from './bullmq/redis-result-store.js';
export { MAX_BYTES_UNDER_WAY } from './bytes-under-way.js';
export type { MemoryResultStore, MemoryResultStoreOptions } from './results/memory-result-store.js';
export { createMemoryResultStore } from './results/memory-result-store.js';
export type {
  PostgresPool,
  PostgresResultStore,
  PostgresResultStoreOptions,
} from './results/postgres-result-store.js';
export { createPostgresResultStore } from './results/postgres-result-store.js';
