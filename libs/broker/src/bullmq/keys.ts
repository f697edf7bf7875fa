import { parseTaskId, type TaskId, type TaskIdParts } from '@goflow/shared';

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

/** The channel on which the workers of a queue hear that a running task is to end. */
export const cancelChannel = (prefix: string, queue: string): string => `${prefix}:cancel:${queue}`;

/** The channel on which progress and log lines of one task are told. */
export const watchChannel = (prefix: string, queue: string, unique: string): string =>
  `${prefix}:watch:${queue}:${unique}`;

/** What is known of all workers: one slot. A queue may be called `fleet`, too: neither BullMQ nor goflow has these parts in a queue. */
export const fleetKey = (prefix: string, part: FleetPart): string =>
  queueKey(prefix, 'fleet', part);

type FleetPart =
  | 'workers'
  | 'seen'
  | 'types'
  | 'epoch'
  | 'rules'
  | 'version'
  | 'audit'
  | 'audit-workers'
  | 'queues'
  | 'exporter'
  | `exporter:${string}`
  | 'runs';

/** The channel on which all workers hear that the rules have changed. */
export const rulesChannel = (prefix: string): string => `${prefix}:rules`;

/** The result of one task, where results are kept in keys of their own. */
export const resultKey = (prefix: string, { queue, unique }: TaskIdParts): string =>
  queueKey(prefix, queue, `result:${unique}`);

/** The sorted set of the tasks that have a tag. */
export const tagKey = (prefix: string, queue: string, tag: string): string =>
  queueKey(prefix, queue, `tag:${tag}`);
