import { randomUUID } from 'node:crypto';
import type {
  Broker,
  QueueCounts,
  ReplyInbox,
  ReplyListener,
  TaskEnvelope,
  TaskId,
  TaskRecord,
} from '@goflow/shared';
import { checkPrefix, DEFAULT_PREFIX, GoflowError, toMs } from '@goflow/shared';
import type { RedisQueueBackend } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import { Deadline } from './deadline.js';
import { toJob } from './job-codec.js';
import { bullJobId } from './keys.js';
import { ProducerQueues } from './producer-queues.js';
import { pushAll } from './push-many.js';
import { readCounts } from './queue-counts.js';
import { readTasks } from './read-tasks.js';
import {
  closeRedis,
  connectProducer,
  type RedisConnection,
  type RedisGiven,
} from './redis-connection.js';
import { openReplyInbox } from './reply-inbox.js';
import { TroubleLog } from './trouble-log.js';

/** Options of {@link createBullMqBroker}. */
export interface BullMqBrokerOptions {
  readonly redis: RedisGiven;
  /** @default 'goflow' */
  readonly prefix?: string | undefined;
  /** The longest that one call may take, Redis away or not. '10ms' to '10m'. @default '5s' */
  readonly timeout?: unknown;
  /** Told of connection troubles, at most once per 10 s for one kind. @default nobody */
  readonly onTrouble?: ((error: Error, repeated: number) => void) | undefined;
}

/**
 * The producer's broker on BullMQ. Connects at once, in the background.
 *
 * @throws OPTION_INVALID
 */
export function createBullMqBroker(options: BullMqBrokerOptions): Broker {
  return new BullMqBroker(options);
}

class BullMqBroker implements Broker {
  readonly #connection: RedisConnection;
  readonly #redis: Redis | Cluster;
  readonly #prefix: string;
  readonly #deadline: Deadline;
  readonly #queues: ProducerQueues;
  readonly #troubles: TroubleLog;
  readonly #onError: (error: Error) => void;
  readonly #leaving = new AbortController();
  #closing: Promise<void> | undefined;

  constructor(options: BullMqBrokerOptions) {
    this.#prefix = checkPrefix(options.prefix ?? DEFAULT_PREFIX);
    const timeoutMs = toMs('timeout', options.timeout ?? '5s', { minMs: 10, maxMs: 600_000 });
    this.#troubles = new TroubleLog(options.onTrouble ?? (() => undefined));
    this.#onError = (error) => this.#troubles.report(error);
    this.#connection = connectProducer(options.redis);
    this.#redis = this.#connection.redis;
    this.#redis.on('error', this.#onError);
    this.#deadline = new Deadline(this.#redis, timeoutMs);
    this.#queues = new ProducerQueues(this.#redis, this.#prefix, this.#onError);
  }

  push(envelope: TaskEnvelope): Promise<void> {
    return this.#within(async () => {
      const unique = uniqueOf(envelope.id);
      const backend =
        this.#queues.ready(envelope.queue) ?? (await this.#queues.open(envelope.queue));
      await backend.addJob(toJob(envelope, unique), unique);
    });
  }

  pushMany(envelopes: readonly TaskEnvelope[]): Promise<readonly (Error | undefined)[]> {
    return pushAll(envelopes, {
      within: (command) => this.#within(command),
      open: (queue): Promise<RedisQueueBackend> => this.#queues.open(queue),
    });
  }

  read(ids: readonly TaskId[]): Promise<readonly (TaskRecord | undefined)[]> {
    return this.#within(() => readTasks(this.#redis, this.#prefix, ids));
  }

  openInbox(listener: ReplyListener): Promise<ReplyInbox> {
    const name = randomUUID().slice(0, 13);
    const { signal } = this.#leaving;
    const inbox = { prefix: this.#prefix, name, listener, onError: this.#onError, signal };
    return openReplyInbox(this.#redis, inbox).catch((error: unknown) => {
      this.#troubles.report(error);
      throw error;
    });
  }

  counts(queue: string): Promise<QueueCounts> {
    return this.#within(() => readCounts(this.#redis, this.#prefix, queue));
  }

  async ping(): Promise<void> {
    await this.#within(() => this.#redis.ping());
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #within<T>(command: () => Promise<T>): Promise<T> {
    if (this.#closing)
      return Promise.reject(new GoflowError('CLIENT_CLOSED', 'the client is closed'));
    return this.#deadline.within(command);
  }

  async #close(): Promise<void> {
    this.#leaving.abort();
    await this.#queues.close();
    this.#deadline.release();
    if (this.#connection.owned) await closeRedis(this.#redis);
    else this.#redis.off('error', this.#onError);
  }
}

function uniqueOf(id: TaskId): string {
  const unique = bullJobId(id);
  if (unique !== undefined) return unique;
  throw new GoflowError(
    'INTERNAL',
    `a task was pushed with the id ${JSON.stringify(id)}, which is none`,
  );
}
