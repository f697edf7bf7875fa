/**
 * What a worker needs. Loads BullMQ and ioredis.
 *
 * @module
 */

export type { BullMqConsumerBrokerOptions } from './bullmq/bullmq-consumer-broker.js';
export { createBullMqConsumerBroker } from './bullmq/bullmq-consumer-broker.js';
