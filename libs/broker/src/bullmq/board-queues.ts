import { checkPrefix, DEFAULT_PREFIX } from '@goflow/shared';
import { Queue } from 'bullmq';
import { bullQueueName } from './keys.js';
import { closeRedis, connectProducer, type RedisGiven } from './redis-connection.js';
import { TroubleLog } from './trouble-log.js';

/** Options of {@link openBoardQueues}. */
export interface BoardQueuesOptions {
  readonly redis: RedisGiven;
  /** @default 'goflow' */
  readonly prefix?: string | undefined;
  /** Told of connection troubles, at most once per 10 s for one kind. @default nobody */
  readonly onTrouble?: ((error: Error) => void) | undefined;
}

/** Queues as BullMQ has them, for its tools, over one connection. Nothing is written by opening one. */
export interface BoardQueues {
  /** One for each name. */
  of(name: string): Queue;
  close(): Promise<void>;
}

/** Connects at once, in the background. @throws OPTION_INVALID */
export function openBoardQueues(options: BoardQueuesOptions): BoardQueues {
  const prefix = checkPrefix(options.prefix ?? DEFAULT_PREFIX);
  const troubles = new TroubleLog(options.onTrouble ?? (() => undefined));
  const onError = (error: Error): void => troubles.report(error);
  const { redis, owned } = connectProducer(options.redis);
  redis.on('error', onError);
  const open = new Map<string, Queue>();
  const start = (name: string): Queue => {
    const settings = { connection: redis, prefix, skipVersionCheck: true, skipMetasUpdate: true };
    const queue = new Queue(bullQueueName(name), settings);
    queue.on('error', onError);
    open.set(name, queue);
    return queue;
  };
  return {
    of: (name) => open.get(name) ?? start(name),
    close: async () => {
      await Promise.all([...open.values()].map((queue) => queue.close().catch(() => undefined)));
      redis.off('error', onError);
      // What is still on its way may fail.
      redis.on('error', () => undefined);
      if (owned) await closeRedis(redis);
    },
  };
}
