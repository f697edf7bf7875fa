import { createBullMqBroker, type RedisGiven, warnWhenAway } from '@goflow/broker';
import {
  type Broker,
  type Cipher,
  type ClientEvents,
  checkInteger,
  checkKnown,
  checkLogger,
  checkQueueName,
  checkTracing,
  type Duration,
  Emitter,
  ENCRYPTED_VERSION,
  ENVELOPE_VERSION,
  type EncryptionOptions,
  invalidOption,
  type Logger,
  type ResultStore,
  resolveCompressAbove,
  resolveEncryption,
  SILENT_LOGGER,
  type TaskDefinitions,
  type Tasks,
  type Tracing,
  toFailure,
  toMs,
} from '@goflow/shared';
import { BOUND_OPTIONS, type BoundOptions, resolveBounds } from './bounds/bound-options.js';
import { Client, type ClientDeps } from './client.js';
import type { Goflow } from './goflow.js';
import { checkPushMiddleware, type PushMiddleware } from './push-middleware.js';

/** Options of {@link createGoflow}. */
export interface GoflowOptions<D extends TaskDefinitions> extends BoundOptions {
  /** The contracts, from `defineTasks`. */
  readonly tasks: Tasks<D>;
  /**
   * A URL, ioredis options (Sentinel among them), or an ioredis `Redis` or `Cluster` of your own, which goflow uses and never
   * closes.
   */
  readonly redis?: RedisGiven | undefined;
  /** Instead of `redis`: what moves the tasks. The way local mode goes. @default made from `redis` */
  readonly broker?: Broker | undefined;
  /** What every key in Redis begins with; producers and workers must agree. @default 'goflow' */
  readonly prefix?: string | undefined;
  /** The longest that a call may take when Redis is away: '10ms' to '10m'. @default '5s' */
  readonly timeout?: Duration | undefined;
  /**
   * Pushes of one turn of the event loop share calls of Redis, at most 16 each: BullMQ's own scripts, run for many tasks. False: each has
   * BullMQ's own call, which is slower. @default true
   */
  readonly sharedCalls?: boolean | undefined;
  /**
   * How many replicas of Redis must have a push before it resolves: 0 to 10. When fewer have it within `replicaTimeout` the push fails as
   * REPLICAS_MISSING, though the task is in the master. Not with a Redis Cluster. @default 0
   */
  readonly minReplicas?: number | undefined;
  /** How long replicas are waited for: '10ms' to '4s', not longer than `timeout`. @default '1s', or `timeout` where that is shorter */
  readonly replicaTimeout?: Duration | undefined;
  /** The largest payload in bytes of JSON: 1 to 512 MiB. @default 1,048,576 (1 MiB) */
  readonly payloadLimit?: number | undefined;
  /**
   * Payloads of more bytes of JSON than this are compressed, where that makes them clearly smaller: 256 to 512 MiB. Compressed results are
   * read in any case. @default never
   */
  readonly compressAbove?: number | undefined;
  /**
   * Keys to encrypt payloads with, where they are stored, and to read results, failures, progress and log lines with. Workers need the same
   * keys. @default nothing is encrypted, and what is cannot be read
   */
  readonly encryption?: EncryptionOptions | undefined;
  /** The newest version of a stored task that is pushed: 1 as long as there are workers that read no other. @default 2 */
  readonly envelopeVersion?: number | undefined;
  /** Where results are kept, instead of with their tasks: the same as the workers'. @default with their tasks */
  readonly resultStore?: ResultStore | undefined;
  /** Code around every push, the first outermost. @default none */
  readonly middleware?: readonly PushMiddleware[] | undefined;
  /** Refuse to push what no live worker has a handler for (TASK_TYPE_UNHANDLED), instead of a warning. @default false */
  readonly strict?: boolean | undefined;
  /**
   * Queues that `inspector` looks into beside those of the contracts: for tools that do not know the contracts. What `fleet.queues()` found
   * fits. @default none
   */
  readonly queues?: readonly string[] | undefined;
  /**
   * Makes a trace of each push, which its attempts are a part of: `createTracing()` of `@goflow/sdk/tracing`. @default none, and nothing
   * more is stored
   */
  readonly tracing?: Tracing | undefined;
  /**
   * Told of connection troubles and of types that nobody handles. Any pino logger will do. @default silent, but for one warning of the process
   * that it waits for Redis
   */
  readonly logger?: Logger | undefined;
}

const KNOWN = [
  'tasks',
  'redis',
  'broker',
  'prefix',
  'timeout',
  'sharedCalls',
  'minReplicas',
  'replicaTimeout',
  'payloadLimit',
  'compressAbove',
  'encryption',
  'envelopeVersion',
  'resultStore',
  'middleware',
  'strict',
  'queues',
  'tracing',
  'logger',
  ...BOUND_OPTIONS,
];
const DEFAULT_PAYLOAD_LIMIT = 1024 * 1024;
const TIMEOUT = { minMs: 10, maxMs: 600_000 };
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
  if (typeof options !== 'object' || options === null)
    throw invalidOption('createGoflow options', 'an object', options);
  checkKnown('createGoflow options', options, KNOWN);
  const logger = checkLogger(options.logger ?? SILENT_LOGGER);
  const events = new Emitter<ClientEvents>(logger);
  const checked = {
    tasks: checkTasks(options.tasks),
    payloadLimit: payloadLimitOf(options),
    compressAbove: resolveCompressAbove(options.compressAbove),
    cipher: cipherOf(options),
    resultStore: checkStore(options.resultStore),
    middleware: checkPushMiddleware(options.middleware),
    strict: checkStrict(options.strict ?? false),
    queues: checkQueues(options.queues ?? []),
    tracing: checkTracing(options.tracing),
    logger,
    events,
    bounds: resolveBounds(options, options.tasks),
    timeoutMs: toMs('timeout', options.timeout ?? '5s', TIMEOUT),
  };
  const broker = options.broker === undefined ? connect(options, events) : checkBroker(options);
  logEvents(events, logger);
  const deps: ClientDeps = { ...checked, broker };
  return new Client(deps) as unknown as Goflow<D>;
}

type Given = GoflowOptions<TaskDefinitions>;

function connect(
  { redis, prefix, timeout, sharedCalls, minReplicas, replicaTimeout, logger }: Given,
  events: Emitter<ClientEvents>,
): Broker {
  if (redis === undefined)
    throw invalidOption('redis', 'given: a URL, ioredis options, or an ioredis instance', redis);
  const broker = createBullMqBroker({
    redis,
    prefix,
    timeout,
    sharedCalls,
    minReplicas,
    replicaTimeout,
    onTrouble: (error, repeated) => events.emit('broker:trouble', { error, repeated }),
    onDataLost: (loss) => events.emit('broker:data-lost', loss),
  });
  if (logger !== undefined) return broker;
  const warn = warnWhenAway({ redis, broker });
  events.on('broker:trouble', ({ error }) => warn(error));
  return broker;
}

function logEvents(events: Emitter<ClientEvents>, logger: Logger): void {
  // Not the error itself: a refused AUTH carries the password among its arguments.
  events.on('broker:trouble', ({ error, repeated }) =>
    logger.warn(
      { failure: toFailure(error, 'BROKER_UNAVAILABLE'), repeated },
      'trouble with Redis',
    ),
  );
  events.on('broker:data-lost', (loss) =>
    logger.error(loss, 'Redis has lost its data: tasks and results that were there are gone'),
  );
  events.on('type:unhandled', ({ type }) =>
    logger.warn({ taskType: type }, 'no live worker has a handler of this task type: it will wait'),
  );
}

function payloadLimitOf(options: { readonly payloadLimit?: number | undefined }): number {
  return checkInteger('payloadLimit', options.payloadLimit ?? DEFAULT_PAYLOAD_LIMIT, [
    1,
    MAX_PAYLOAD_LIMIT,
  ]);
}

function cipherOf({ encryption, envelopeVersion = ENVELOPE_VERSION }: Given): Cipher | undefined {
  checkInteger('envelopeVersion', envelopeVersion, [1, ENVELOPE_VERSION]);
  const cipher = resolveEncryption(encryption);
  if (!cipher?.writes || envelopeVersion >= ENCRYPTED_VERSION) return cipher;
  const rule = `absent, or to read only (\`current: null\`), where \`envelopeVersion\` is ${envelopeVersion}`;
  throw invalidOption('encryption', rule, encryption);
}

function checkTasks(tasks: Tasks): Tasks {
  if (tasks?.contracts instanceof Map) return tasks;
  throw invalidOption('tasks', 'what defineTasks() returned', tasks);
}

function checkStrict(given: boolean): boolean {
  if (typeof given === 'boolean') return given;
  throw invalidOption('strict', 'true or false', given);
}

function checkQueues(given: readonly string[]): readonly string[] {
  if (!Array.isArray(given)) throw invalidOption('queues', 'an array of names', given);
  return given.map((name) => checkQueueName('queues', name));
}

function checkStore(given: ResultStore | undefined): ResultStore | undefined {
  const isStore = typeof given?.put === 'function' && typeof given.get === 'function';
  if (given === undefined || isStore) return given;
  throw invalidOption('resultStore', 'an object with put and get', given);
}

function checkBroker({ redis, broker, minReplicas }: Given): Broker {
  if (redis !== undefined) throw invalidOption('broker', 'absent where `redis` is given', broker);
  if (minReplicas)
    throw invalidOption('minReplicas', 'absent where `broker` is given', minReplicas);
  if (typeof broker?.push === 'function') return broker;
  throw invalidOption('broker', 'a Broker', broker);
}
