import { createBullMqBroker, type RedisGiven } from '@goflow/broker';
import {
  type Broker,
  type ClientEvents,
  checkInteger,
  checkKnown,
  type Duration,
  Emitter,
  invalidOption,
  type Logger,
  type ResultStore,
  resolveCompressAbove,
  SILENT_LOGGER,
  type TaskDefinitions,
  type Tasks,
  toFailure,
} from '@goflow/shared';
import { Client, type ClientDeps } from './client.js';
import type { Goflow } from './goflow.js';
import { checkPushMiddleware, type PushMiddleware } from './push-middleware.js';

/** Options of {@link createGoflow}. */
export interface GoflowOptions<D extends TaskDefinitions> {
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
  /** The largest payload in bytes of JSON: 1 to 512 MiB. @default 1,048,576 (1 MiB) */
  readonly payloadLimit?: number | undefined;
  /**
   * Payloads of more bytes of JSON than this are compressed, where that makes them clearly smaller: 256 to 512 MiB. Compressed results are
   * read in any case. @default never
   */
  readonly compressAbove?: number | undefined;
  /** Where results are kept, instead of with their tasks: the same as the workers'. @default with their tasks */
  readonly resultStore?: ResultStore | undefined;
  /** Code around every push, the first outermost. @default none */
  readonly middleware?: readonly PushMiddleware[] | undefined;
  /** Refuse to push what no live worker has a handler for (TASK_TYPE_UNHANDLED), instead of a warning. @default false */
  readonly strict?: boolean | undefined;
  /** Told of connection troubles and of types that nobody handles. Any pino logger will do. @default silent */
  readonly logger?: Logger | undefined;
}

const KNOWN = [
  'tasks',
  'redis',
  'broker',
  'prefix',
  'timeout',
  'sharedCalls',
  'payloadLimit',
  'compressAbove',
  'resultStore',
  'middleware',
  'strict',
  'logger',
];
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
  if (typeof options !== 'object' || options === null)
    throw invalidOption('createGoflow options', 'an object', options);
  checkKnown('createGoflow options', options, KNOWN);
  const logger = options.logger ?? SILENT_LOGGER;
  const events = new Emitter<ClientEvents>(logger);
  const checked = {
    tasks: checkTasks(options.tasks),
    payloadLimit: payloadLimitOf(options),
    compressAbove: resolveCompressAbove(options.compressAbove),
    resultStore: checkStore(options.resultStore),
    middleware: checkPushMiddleware(options.middleware),
    strict: checkStrict(options.strict ?? false),
    logger,
    events,
  };
  const broker = options.broker === undefined ? connect(options, events) : checkBroker(options);
  logEvents(events, logger);
  const deps: ClientDeps = { ...checked, broker };
  return new Client(deps) as unknown as Goflow<D>;
}

type Given = GoflowOptions<TaskDefinitions>;

function connect(
  { redis, prefix, timeout, sharedCalls }: Given,
  events: Emitter<ClientEvents>,
): Broker {
  if (redis === undefined)
    throw invalidOption('redis', 'given: a URL, ioredis options, or an ioredis instance', redis);
  return createBullMqBroker({
    redis,
    prefix,
    timeout,
    sharedCalls,
    onTrouble: (error, repeated) => events.emit('broker:trouble', { error, repeated }),
  });
}

function logEvents(events: Emitter<ClientEvents>, logger: Logger): void {
  // Not the error itself: a refused AUTH carries the password among its arguments.
  events.on('broker:trouble', ({ error, repeated }) =>
    logger.warn(
      { failure: toFailure(error, 'BROKER_UNAVAILABLE'), repeated },
      'trouble with Redis',
    ),
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

function checkTasks(tasks: Tasks): Tasks {
  if (tasks?.contracts instanceof Map) return tasks;
  throw invalidOption('tasks', 'what defineTasks() returned', tasks);
}

function checkStrict(given: boolean): boolean {
  if (typeof given === 'boolean') return given;
  throw invalidOption('strict', 'true or false', given);
}

function checkStore(given: ResultStore | undefined): ResultStore | undefined {
  const isStore = typeof given?.put === 'function' && typeof given.get === 'function';
  if (given === undefined || isStore) return given;
  throw invalidOption('resultStore', 'an object with put and get', given);
}

function checkBroker({ redis, broker }: Pick<Given, 'redis' | 'broker'>): Broker {
  if (redis !== undefined) throw invalidOption('broker', 'absent where `redis` is given', broker);
  if (typeof broker?.push === 'function') return broker;
  throw invalidOption('broker', 'a Broker', broker);
}
