import { type BullMqBrokerOptions, createBullMqBroker, type RedisGiven } from '@goflow/broker';
import {
  type Broker,
  checkInteger,
  checkKnown,
  checkQueueName,
  DEFAULT_QUEUE,
  type Duration,
  invalidOption,
  type Logger,
  type PushOptions,
  type QueueCounts,
  SILENT_LOGGER,
  type TaskDefinitions,
  type TaskId,
  type TaskResult,
  type TaskStatus,
  type Tasks,
  toFailure,
} from '@goflow/shared';
import type { Goflow, WaitOptions } from './goflow.js';
import { Pusher } from './push.js';
import { isOver, toResult, toStatus } from './task-answers.js';
import { Waiting } from './waiting.js';

/** Options of {@link createGoflow}. */
export interface GoflowOptions<D extends TaskDefinitions> {
  /** The contracts, from `defineTasks`. */
  readonly tasks: Tasks<D>;
  /**
   * A URL, ioredis options (Sentinel among them), or an ioredis `Redis` or `Cluster` of your own, which goflow uses and never
   * closes.
   */
  readonly redis: RedisGiven;
  /** What every key in Redis begins with; producers and workers must agree. @default 'goflow' */
  readonly prefix?: string | undefined;
  /** The longest that a call may take when Redis is away: '10ms' to '10m'. @default '5s' */
  readonly timeout?: Duration | undefined;
  /** The largest payload in bytes of JSON: 1 to 512 MiB. @default 1,048,576 (1 MiB) */
  readonly payloadLimit?: number | undefined;
  /** Told of connection troubles. Any pino logger will do. @default silent */
  readonly logger?: Logger | undefined;
}

const KNOWN = ['tasks', 'redis', 'prefix', 'timeout', 'payloadLimit', 'logger'];
const DEFAULT_PAYLOAD_LIMIT = 1024 * 1024;
/** Redis's own limit of a string. */
const MAX_PAYLOAD_LIMIT = 512 * 1024 * 1024;

/**
 * Creates a client. It connects at once, in the background; a push waits for the connection, within `timeout`.
 *
 * @throws OPTION_INVALID
 * @example
 * const goflow = createGoflow({ tasks, redis: 'redis://localhost:6379' });
 * const id = await goflow.push('repeater', 'hello');
 * console.log(await goflow.wait(id));
 * await goflow.close();
 */
export function createGoflow<D extends TaskDefinitions>(options: GoflowOptions<D>): Goflow<D> {
  checkKnown('createGoflow options', options, KNOWN);
  const tasks = checkTasks(options.tasks);
  const payloadLimit = payloadLimitOf(options);
  const logger = options.logger ?? SILENT_LOGGER;
  const broker = createBullMqBroker({
    redis: options.redis,
    prefix: options.prefix,
    timeout: options.timeout,
    // Not the error itself: a refused AUTH carries the password among its arguments.
    onTrouble: (error, repeated) =>
      logger.warn(
        { failure: toFailure(error, 'BROKER_UNAVAILABLE'), repeated },
        'trouble with Redis',
      ),
  } satisfies BullMqBrokerOptions);
  return new Client(tasks, broker, payloadLimit) as unknown as Goflow<D>;
}

function payloadLimitOf(options: { readonly payloadLimit?: number | undefined }): number {
  return checkInteger('payloadLimit', options.payloadLimit ?? DEFAULT_PAYLOAD_LIMIT, [
    1,
    MAX_PAYLOAD_LIMIT,
  ]);
}

function checkTasks(tasks: Tasks): Tasks {
  if (tasks?.contracts instanceof Map) return tasks;
  throw invalidOption('tasks', 'what defineTasks() returned', tasks);
}

/** What a client can do, each in a file of its own. {@link Goflow} is its type; `D` exists for the compiler only. */
class Client {
  readonly #tasks: Tasks;
  readonly #broker: Broker;
  readonly #pusher: Pusher;
  readonly #waiting: Waiting;
  #closing: Promise<void> | undefined;

  constructor(tasks: Tasks, broker: Broker, payloadLimit: number) {
    this.#tasks = tasks;
    this.#broker = broker;
    this.#waiting = new Waiting(broker, (record) => isOver(record, tasks));
    this.#pusher = new Pusher({ tasks, broker, payloadLimit, waiting: this.#waiting });
  }

  push(type: string, payload: unknown, options?: PushOptions): Promise<TaskId> {
    return this.#pusher.push(type, payload, options);
  }

  pushMany(type: string, payloads: readonly unknown[], options?: PushOptions): Promise<TaskId[]> {
    return this.#pusher.pushMany(type, payloads, options);
  }

  async getResult(id: TaskId): Promise<TaskResult> {
    const [record] = await this.#broker.read([id]);
    return toResult(id, record, this.#tasks);
  }

  async status(id: TaskId): Promise<TaskStatus> {
    const [record] = await this.#broker.read([id]);
    return toStatus(id, record, this.#tasks);
  }

  wait(id: TaskId, options?: WaitOptions): Promise<unknown> {
    return this.#waiting.wait(id, options);
  }

  async counts(queue = DEFAULT_QUEUE): Promise<QueueCounts> {
    return this.#broker.counts(checkQueueName('queue', queue));
  }

  ping(): Promise<void> {
    return this.#broker.ping();
  }

  close(): Promise<void> {
    this.#closing ??= this.#waiting.close().then(() => this.#broker.close());
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
