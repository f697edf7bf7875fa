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
