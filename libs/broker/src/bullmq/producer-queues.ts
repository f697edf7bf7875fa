import { Queue, type RedisQueueBackend } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import { tellQueues } from './fleet/told-queues.js';
import { bullQueueName, queueKey } from './keys.js';
import type { SharedCalls } from './shared-calls/shared-calls.js';

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

/** What a client pushes with. */
export interface ProducerSettings {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  readonly onError: (error: Error) => void;
  /** @default each task has a call of its own */
  readonly shared?: SharedCalls | undefined;
}

/** The BullMQ queues that a client pushes to, opened when they are first used, all over one connection. */
export class ProducerQueues {
  readonly #settings: ProducerSettings;
  readonly #open = new Map<string, OpenQueue>();

  constructor(settings: ProducerSettings) {
    this.#settings = settings;
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

  /** Writes anew what Redis has lost with its data: how many events BullMQ keeps. A queue that is opened later does so by itself. */
  async declareAgain(): Promise<void> {
    const { redis, prefix } = this.#settings;
    const names = [...this.#open.keys()];
    for (const name of names) this.#tell(name);
    await Promise.all(
      names.map((name) =>
        redis.hset(queueKey(prefix, name, 'meta'), 'opts.maxLenEvents', MAX_EVENTS),
      ),
    );
  }

  async close(): Promise<void> {
    const queues = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(queues.map(({ queue }) => queue.close().catch(() => undefined)));
  }

  /** Once the push that it is opened for is on its way. Whoever lists the queues can look for it, too: when this fails, it is no trouble. */
  #tell(name: string): void {
    const { redis, prefix } = this.#settings;
    setImmediate(() => void tellQueues(redis, prefix, [name]).catch(() => undefined));
  }

  #start(name: string): OpenQueue {
    const { redis, prefix, onError, shared } = this.#settings;
    const queue = new Queue(bullQueueName(name), {
      connection: redis,
      prefix,
      // It would print to stderr what goflow says itself: `auditRedis`, `goflow doctor`.
      skipVersionCheck: true,
      streams: { events: { maxLen: MAX_EVENTS } },
    });
    queue.on('error', onError);
    const open: OpenQueue = {
      queue,
      ready: queue.waitUntilReady().then(() => {
        const backend = queue.getBackend() as RedisQueueBackend;
        shared?.ofProducer(backend);
        open.backend = backend;
        this.#tell(name);
        return backend;
      }),
    };
    this.#open.set(name, open);
    return open;
  }
}
