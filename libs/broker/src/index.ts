/**
 * The brokers of goflow. `bullmq/` is the only home of BullMQ and ioredis.
 *
 * @module
 */

export type { BullMqBrokerOptions } from './bullmq/bullmq-broker.js';
export { createBullMqBroker } from './bullmq/bullmq-broker.js';
export type { BullMqConsumerBrokerOptions } from './bullmq/bullmq-consumer-broker.js';
export { createBullMqConsumerBroker } from './bullmq/bullmq-consumer-broker.js';
export type { RedisGiven } from './bullmq/redis-connection.js';
export type { RedisResultStore, RedisResultStoreOptions } from './bullmq/redis-result-store.js';
export { createRedisResultStore } from './bullmq/redis-result-store.js';
export type { FakeClock } from './memory/fake-clock.js';
export { createFakeClock } from './memory/fake-clock.js';
export type { MemoryBroker, MemoryBrokerOptions } from './memory/memory-broker.js';
export { createMemoryBroker } from './memory/memory-broker.js';
export { systemClock } from './memory/system-clock.js';
export type { MemoryResultStore, MemoryResultStoreOptions } from './results/memory-result-store.js';
export { createMemoryResultStore } from './results/memory-result-store.js';
export type {
  PostgresPool,
  PostgresResultStore,
  PostgresResultStoreOptions,
} from './results/postgres-result-store.js';
export { createPostgresResultStore } from './results/postgres-result-store.js';
