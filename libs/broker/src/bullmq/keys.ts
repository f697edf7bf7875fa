import { parseTaskId, type TaskId } from '@goflow/shared';

// Every key and channel name of goflow's in Redis is built here.

/**
 * The name that BullMQ gets for a queue: in braces, so that all keys of one queue fall into one slot of a Redis
 * Cluster, and different queues into different ones.
 */
export const bullQueueName = (queue: string): string => `{${queue}}`;

/** A key that BullMQ keeps for a queue, such as `delayed`, or the hash of one job. */
export const queueKey = (prefix: string, queue: string, part: string): string =>
  `${prefix}:{${queue}}:${part}`;

/** The channel on which one client hears of the outcomes that it waits for. */
export const replyChannel = (prefix: string, client: string): string => `${prefix}:reply:${client}`;

/** The id under which BullMQ knows a task; `undefined` for anything that is no task id. */
export const bullJobId = (id: TaskId): string | undefined => parseTaskId(id)?.unique;
