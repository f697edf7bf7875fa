import { Queue, type RedisQueueBackend } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import { bullQueueName } from './keys.js';

/**
 * How many events BullMQ keeps a queue. goflow reads none of them, each holds a copy of a result, and BullMQ's own default of
 * 10,000 can take gigabytes.
 */
const MAX_EVENTS = 2_000;

interface OpenQueue {
  readonly queue: Queue;
  readonly ready: Promise<RedisQueueBackend>;
  backend?: RedisQueueBackend;
}

/** The BullMQ queues that a client pushes to, opened when they are first used, all over one connection. */
export class ProducerQueues {
  readonly #redis: Redis | Cluster;
  readonly #prefix: string;
  readonly #onError: (error: Error) => void;
  readonly #open = new Map<string, OpenQueue>();

  constructor(redis: Redis | Cluster, prefix: string, onError: (error: Error) => void) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#onError = onError;
  }

  /** The queue, when it can be used without waiting. */
  ready(name: string): RedisQueueBackend | undefined {
    return this.#open.get(name)?.backend;
  }

  /** Opens a queue, once. A queue that could not be opened is forgotten, so that the next call tries afresh. */
  async open(name: string): Promise<RedisQueueBackend> {
    const open = this.#open.get(name) ?? this.#start(name);
    try {
      return await open.ready;
    } catch (error) {
      if (this.#open.get(name) === open) {
        this.#open.delete(name);
        await open.queue.close().catch(() => undefined);
      }
      throw error;
    }
  }

  async close(): Promise<void> {
    const queues = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(queues.map(({ queue }) => queue.close().catch(() => undefined)));
  }

  #start(name: string): OpenQueue {
    const queue = new Queue(bullQueueName(name), {
      connection: this.#redis,
      prefix: this.#prefix,
      streams: { events: { maxLen: MAX_EVENTS } },
    });
    queue.on('error', this.#onError);
    const open: OpenQueue = {
      queue,
      ready: queue.waitUntilReady().then(() => {
        open.backend = queue.getBackend() as RedisQueueBackend;
        return open.backend;
      }),
    };
    this.#open.set(name, open);
    return open;
  }
}
