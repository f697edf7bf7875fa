/**
 * Queues as BullMQ has them, for tools of BullMQ. Loads BullMQ and ioredis.
 *
 * @module
 */

export type { BoardQueues, BoardQueuesOptions } from './bullmq/board-queues.js';
export { openBoardQueues } from './bullmq/board-queues.js';
