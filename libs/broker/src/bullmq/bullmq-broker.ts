import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type {
  Broker,
  Cancelled,
  ChunkEnvelope,
  DataLoss,
  DetailOptions,
  InspectorBroker,
  Pushed,
  QueueCounts,
  ReplyInbox,
  ReplyListener,
  TaskDetail,
  TaskEnvelope,
  TaskId,
  TaskRecord,
  Watching,
} from '@goflow/shared';
import { checkPrefix, DEFAULT_PREFIX, GoflowError, toMs } from '@goflow/shared';
import type { RedisQueueBackend } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import { sendReply } from './after-end.js';
import { backlogOf, overloadOf } from './backlog.js';
import { cancelTask } from './cancel-task.js';
import { pushChunks } from './chunks/push-chunks.js';
import { Deadline } from './deadline.js';
import { BullMqExporter } from './fleet/bullmq-exporter.js';
import { BullMqFleet } from './fleet/bullmq-fleet.js';
import { BullMqRuns } from './fleet/bullmq-runs.js';
import { Fleet } from './fleet/fleet.js';
import { LiveTypes } from './fleet/live-types.js';
import { RedisClock } from './fleet/redis-clock.js';
import { BullMqInspector } from './inspector/bullmq-inspector.js';
import { readDetails } from './inspector/read-detail.js';
import { ProducerQueues } from './producer-queues.js';
import { pushAll } from './push-many.js';
import { isSpecial, pushOne } from './push-one.js';
import { readCounts, readDepth } from './queue-counts.js';
import { readTasks } from './read-tasks.js';
import {
  closeRedis,
  connectProducer,
  isReady,
  type RedisConnection,
  type RedisGiven,
} from './redis-connection.js';
import { ReplicaWait } from './replica-wait.js';
import { type ReplicasOptions, resolveReplicas } from './replicas-option.js';
import { openReplyInbox } from './reply-inbox.js';
import { SharedCalls } from './shared-calls/shared-calls.js';
import { checkSharedCalls } from './shared-calls/shared-calls-option.js';
import { TroubleLog } from './trouble-log.js';
import { Watches, type WatchListener } from './watches.js';

/** Options of {@link createBullMqBroker}. */
export interface BullMqBrokerOptions extends ReplicasOptions {
  readonly redis: RedisGiven;
  /** @default 'goflow' */
  readonly prefix?: string | undefined;
  /** The longest that one call may take, Redis away or not. '10ms' to '10m'. @default '5s' */
  readonly timeout?: unknown;
  /** False: each task that is pushed has a call of Redis of its own, BullMQ's. @default true */
  readonly sharedCalls?: boolean | undefined;
  /** Told of connection troubles, at most once per 10 s for one kind. @default nobody */
  readonly onTrouble?: ((error: Error, repeated: number) => void) | undefined;
  /** Told when Redis has lost its data, or has others. @default nobody */
  readonly onDataLost?: ((loss: DataLoss) => void) | undefined;
}

const REMEASURE_MS = 60_000;

/**
 * The producer's broker on BullMQ. Connects at once, in the background.
 *
 * @throws OPTION_INVALID
 */
export function createBullMqBroker(options: BullMqBrokerOptions): Broker {
  return new BullMqBroker(options);
}

class BullMqBroker implements Broker {
  readonly clock: RedisClock;
  readonly inspector: InspectorBroker;
  readonly fleet: BullMqFleet;
  readonly exporter: BullMqExporter;
  readonly runs: BullMqRuns;
  readonly #types: LiveTypes;
  readonly #watches: Watches;
  readonly #connection: RedisConnection;
  readonly #redis: Redis | Cluster;
  readonly #prefix: string;
  readonly #deadline: Deadline;
  readonly #queues: ProducerQueues;
  /** Undefined when a push is done as soon as the master has it. */
  readonly #replicas: ReplicaWait | undefined;
  readonly #troubles: TroubleLog;
  readonly #onError: (error: Error) => void;
  readonly #client = randomUUID().slice(0, 8);
  /** How many pushes were marked. */
  #pushes = 0;
  readonly #leaving = new AbortController();
  readonly #remeasuring: NodeJS.Timeout;
  readonly #measure = (): void => {
    if (isReady(this.#redis)) this.clock.measure().catch(() => undefined);
  };
  #closing: Promise<void> | undefined;

  constructor(options: BullMqBrokerOptions) {
    this.#prefix = checkPrefix(options.prefix ?? DEFAULT_PREFIX);
    const timeoutMs = toMs('timeout', options.timeout ?? '5s', { minMs: 10, maxMs: 600_000 });
    this.#troubles = new TroubleLog(options.onTrouble ?? (() => undefined));
    this.#onError = (error) => this.#troubles.report(error);
    const replicas = resolveReplicas(options, options.redis, timeoutMs);
    this.#connection = connectProducer(options.redis);
    this.#redis = this.#connection.redis;
    this.#replicas = replicas && new ReplicaWait(this.#redis as Redis, replicas);
    this.#redis.on('error', this.#onError);
    this.#deadline = new Deadline(this.#redis, timeoutMs);
    this.#queues = new ProducerQueues({
      redis: this.#redis,
      prefix: this.#prefix,
      onError: this.#onError,
      shared: this.#sharedCalls(checkSharedCalls(options.sharedCalls)),
    });
    this.#watches = new Watches(this.#redis, this.#prefix, this.#onError);
    const onDataLost = (loss: DataLoss): void => {
      this.#queues.declareAgain().catch(this.#onError);
      options.onDataLost?.(loss);
    };
    const fleet = new Fleet({ redis: this.#redis, prefix: this.#prefix, onDataLost });
    const within: Deadline['within'] = (command) => this.#within(command);
    this.#types = new LiveTypes({ fleet, within });
    this.clock = new RedisClock({ time: () => fleet.time() });
    const connection = { redis: this.#redis, prefix: this.#prefix, report: this.#onError };
    this.exporter = new BullMqExporter({ ...connection, fleet, clock: this.clock });
    this.inspector = this.#inspectorOf(fleet, within);
    this.fleet = this.#fleetOf(within);
    this.runs = new BullMqRuns({ redis: this.#redis, prefix: this.#prefix, within });
    // Another server may be in charge after the connection was away, and have another clock.
    this.#redis.on('ready', this.#measure);
    if (isReady(this.#redis)) this.#measure();
    this.#remeasuring = setInterval(this.#measure, REMEASURE_MS).unref();
  }

  isHandled(type: string): boolean | undefined {
    return this.#closing ? undefined : this.#types.known(type);
  }

  isHandledNow(type: string): Promise<boolean> {
    return this.#types.fresh(type);
  }

  push(envelope: TaskEnvelope): Promise<Pushed> {
    const { queue } = envelope;
    const nonce = isSpecial(envelope) ? `${this.#client}:${++this.#pushes}` : undefined;
    const toBackend = (backend: RedisQueueBackend): Promise<Pushed> =>
      pushOne(envelope, nonce, { redis: this.#redis, prefix: this.#prefix, backend });
    return this.#withinBacklog(() => {
      const ready = this.#queues.ready(queue);
      return ready ? toBackend(ready) : this.#queues.open(queue).then(toBackend);
    }, envelope.payloadJson.length);
  }

  pushMany(envelopes: readonly TaskEnvelope[]): Promise<readonly (Pushed | Error)[]> {
    return pushAll(envelopes, {
      redis: this.#redis,
      prefix: this.#prefix,
      within: (command, bytes) => this.#withinBacklog(command, bytes),
      open: (queue): Promise<RedisQueueBackend> => this.#queues.open(queue),
      push: (envelope) => this.push(envelope),
    });
  }

  pushChunks(chunks: readonly ChunkEnvelope[]): Promise<readonly (Error | undefined)[]> {
    return pushChunks(chunks, {
      redis: this.#redis,
      prefix: this.#prefix,
      within: (command, bytes) => this.#withinBacklog(command, bytes),
      open: (queue): Promise<RedisQueueBackend> => this.#queues.open(queue),
    });
  }

  read(ids: readonly TaskId[]): Promise<readonly (TaskRecord | undefined)[]> {
    return this.#within(() => readTasks(this.#redis, this.#prefix, ids));
  }

  async detail(id: TaskId, { values = true }: DetailOptions = {}): Promise<TaskDetail | undefined> {
    const connection = { redis: this.#redis, prefix: this.#prefix };
    const reading = { withLogs: true, withValues: values };
    const [detail] = await this.#within(() => readDetails(connection, [id], reading));
    return detail;
  }

  async cancel(id: TaskId, reason: string): Promise<Cancelled> {
    const connection = { redis: this.#redis, prefix: this.#prefix };
    const { replyTo, ...answer } = await this.#within(() => cancelTask(connection, id, reason));
    if (replyTo !== undefined) {
      const [record] = await this.read([id]);
      if (record) sendReply(connection, replyTo, { record });
    }
    return answer;
  }

  async watch(id: TaskId, listener: WatchListener): Promise<Watching> {
    try {
      return await this.#within(() => this.#watches.open(id, listener));
    } catch (error) {
      // Time may be up with the subscription still on its way: nobody would ever end it.
      void this.#watches.leave(id, listener).catch(() => undefined);
      throw error;
    }
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

  depth(queue: string): Promise<number> {
    return this.#within(() => readDepth(this.#redis, this.#prefix, queue));
  }

  async ping(): Promise<void> {
    await this.#within(() => this.#redis.ping());
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #inspectorOf(fleet: Fleet, within: Deadline['within']): InspectorBroker {
    const inspector = new BullMqInspector({ redis: this.#redis, prefix: this.#prefix, within });
    return {
      page: (question) => inspector.page(question),
      redrive: (id, ...payload) => inspector.redrive(id, ...payload),
      discard: (id) => inspector.discard(id),
      workers: () => within(() => fleet.workers()),
    };
  }

  #fleetOf(within: Deadline['within']): BullMqFleet {
    const open = (queue: string): Promise<RedisQueueBackend> => this.#queues.open(queue);
    return new BullMqFleet({
      redis: this.#redis,
      prefix: this.#prefix,
      report: this.#onError,
      within,
      confirmed: (write) => this.#within(this.#confirmed(write, 'the change')),
      open,
    });
  }

  #sharedCalls(isOn: boolean): SharedCalls {
    return new SharedCalls({ redis: this.#redis, isOn, report: (e) => this.#troubles.report(e) });
  }

  /** For pushes: they add to what waits in memory, and may have to be with replicas, too. */
  #withinBacklog<T>(command: () => Promise<T>, bytes: number): Promise<T> {
    const overload = overloadOf(this.#deadline.unsettledBytes);
    if (overload) return Promise.reject(overload);
    return this.#within(this.#confirmed(command), backlogOf(bytes));
  }

  #confirmed<T>(write: () => Promise<T>, what?: string): () => Promise<T> {
    const replicas = this.#replicas;
    return replicas ? () => replicas.confirmed(write, what) : write;
  }

  #within<T>(command: () => Promise<T>, bytes?: number): Promise<T> {
    if (this.#closing)
      return Promise.reject(new GoflowError('CLIENT_CLOSED', 'the client is closed'));
    return this.#deadline.within(command, bytes);
  }

  async #close(): Promise<void> {
    this.#leaving.abort();
    clearInterval(this.#remeasuring);
    this.#redis.off('ready', this.#measure);
    await Promise.all([this.#watches.close(), this.exporter.close()]);
    // What was pushed in this turn goes out at its end.
    await setImmediate();
    await this.#queues.close();
    this.#deadline.release();
    if (this.#connection.owned) await closeRedis(this.#redis);
    else this.#redis.off('error', this.#onError);
  }
}
