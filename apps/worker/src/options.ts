import { hostname } from 'node:os';
import type { RedisGiven } from '@goflow/broker';
import {
  type Cipher,
  type ConsumerBroker,
  checkInteger,
  checkKey,
  checkKnown,
  checkLabels,
  checkLogger,
  checkTracing,
  type Duration,
  type EncryptionOptions,
  invalidOption,
  type Logger,
  MAX_HORIZON_MS,
  type ResultStore,
  resolveCompressAbove,
  resolveEncryption,
  SILENT_LOGGER,
  type TaskDefinitions,
  type Tasks,
  type Tracing,
  toMs,
  type WorkerLabels,
} from '@goflow/shared';
import { checkGroup, checkMaxLabels } from '@goflow/shared/metrics';
import { type Callbacks, checkCallbacks } from './callbacks.js';
import {
  type ConcurrencyBounds,
  type ResolvedConcurrencyBounds,
  resolveConcurrency,
  resolveConcurrencyBounds,
} from './concurrency/concurrency-options.js';
import type { TaskMiddleware } from './execution/middleware.js';
import {
  checkContracts,
  defineHandlers,
  type HandlerRegistry,
  type Handlers,
  isRegistry,
} from './handlers/handler-registry.js';
import {
  type HttpOptions,
  type ResolvedHttpOptions,
  resolveHttpOptions,
} from './ops/http-options.js';

/** Options of {@link createWorker}. */
export interface WorkerOptions<D extends TaskDefinitions> extends Callbacks<D> {
  /** The contracts, from `defineTasks`. */
  readonly tasks: Tasks<D>;
  /** A handler for every type, or a registry: of `defineHandlers`, or one of your own with only some types in it. */
  readonly handlers: Handlers<D> | HandlerRegistry<D>;
  /** A URL, ioredis options (Sentinel among them), or an ioredis instance as a pattern; it stays yours. */
  readonly redis?: RedisGiven | undefined;
  /** Instead of `redis`: what moves the tasks. The way local mode goes. @default made from `redis` */
  readonly broker?: ConsumerBroker | undefined;
  /** What this worker is called in the history of tasks and in the fleet: 1 to 256 characters. @default host:pid:number */
  readonly name?: string | undefined;
  /** What every key in Redis begins with; producers and workers must agree. @default 'goflow' */
  readonly prefix?: string | undefined;
  /**
   * Tasks that this worker runs at once, in each queue: 0 to 10,000, or a number for each queue. 0 takes nothing. Can be
   * changed while the worker runs. @default 10
   */
  readonly concurrency?: number | Readonly<Record<string, number>> | undefined;
  /**
   * What this worker keeps its concurrency between, whatever is wanted of it: by its start, by a rule of the fleet, or on itself. @default
   * { min: 0, max: 10_000 }
   */
  readonly concurrencyBounds?: ConcurrencyBounds | undefined;
  /**
   * What this worker is, for rules of the fleet that name labels, such as `{ region: 'eu' }`: at most 8; keys and values of at most 63 letters,
   * digits, `_`, `.`, `/`, `-`. @default none
   */
  readonly labels?: WorkerLabels | undefined;
  /** Where metrics, health and live concurrency are served. @default not at all */
  readonly http?: HttpOptions | undefined;
  /**
   * How many task types get a label of their own in metrics: the first that are seen; the rest is `other`. 0 to 10,000. Each takes some 50 lines
   * of a scrape. @default 500
   */
  readonly metricTypes?: number | undefined;
  /** The same for queues, of this worker and, where it tells of them, of all. 0 to 10,000. @default 500 */
  readonly metricQueues?: number | undefined;
  /**
   * The processes that one Prometheus scrapes: one of each group tells what is true of all queues. Lower-case letters, digits, `_`, `.`, `-`, at
   * most 64. @default one group of all who name none
   */
  readonly metricGroup?: string | undefined;
  /** Code around every handler, the first outermost. @default none */
  readonly middleware?: readonly TaskMiddleware[] | undefined;
  /** How long `stop` waits for running tasks before it aborts and hands them back: '0s' to '1h'. @default '25s' */
  readonly grace?: Duration | undefined;
  /**
   * How long a task stays this worker's without a sign of life; then another worker runs it again. It is renewed while the
   * task runs. '1s' to '1h'. @default '30s'
   */
  readonly lease?: Duration | undefined;
  /**
   * Tasks that complete in one turn of the event loop share calls of Redis, at most 16 each: BullMQ's own scripts, run for many tasks.
   * False: each has BullMQ's own call, which is slower. @default true
   */
  readonly sharedCalls?: boolean | undefined;
  /** The largest result in bytes of JSON: 1 to 512 MiB. @default 1,048,576 (1 MiB) */
  readonly resultLimit?: number | undefined;
  /**
   * Results of more bytes of JSON than this are compressed, where that makes them clearly smaller: 256 to 512 MiB. Compressed payloads are
   * read in any case. @default never
   */
  readonly compressAbove?: number | undefined;
  /**
   * Keys to encrypt results, failures, progress and log lines with, where they are stored, and to read payloads with. What comes encrypted
   * with a key that is not here is handed back. Clients need the same keys. @default nothing is encrypted
   */
  readonly encryption?: EncryptionOptions | undefined;
  /** Where results are kept, instead of with their tasks. Clients need the same. @default with their tasks */
  readonly resultStore?: ResultStore | undefined;
  /** Only results of more bytes than this, as they would be stored, go to `resultStore`: 0 to `resultLimit`. @default 0, all */
  readonly storeResultsAbove?: number | undefined;
  /**
   * For how long no live worker may have had a handler of a type before its tasks become dead letters: '1s' to '366d'. Until then they
   * are handed back, no attempt spent. @default '1h'
   */
  readonly unroutableAfter?: Duration | undefined;
  /**
   * Makes a span of each attempt, in the trace of its push: `createTracing()` of `@goflow/worker/tracing`. What a handler pushes is a part of
   * it, where its client has tracing, too. @default none
   */
  readonly tracing?: Tracing | undefined;
  /** Any pino logger will do; every line carries the worker's name. @default silent, but for one warning that it waits for Redis */
  readonly logger?: Logger | undefined;
}

/** {@link WorkerOptions} with defaults filled in. */
export interface ResolvedWorkerOptions {
  readonly tasks: Tasks;
  readonly registry: HandlerRegistry;
  readonly redis: RedisGiven | undefined;
  readonly broker: ConsumerBroker | undefined;
  readonly name: string;
  readonly callbacks: Callbacks;
  readonly prefix: string | undefined;
  readonly concurrencyOf: (queue: string) => number;
  readonly concurrencyBounds: ResolvedConcurrencyBounds;
  readonly labels: WorkerLabels;
  readonly http: ResolvedHttpOptions | undefined;
  readonly metricTypes: number;
  readonly metricQueues: number;
  readonly metricGroup: string | undefined;
  readonly middleware: readonly TaskMiddleware[];
  readonly graceMs: number;
  readonly lease: Duration | undefined;
  readonly sharedCalls: boolean | undefined;
  readonly resultLimit: number;
  /** Infinity: never. */
  readonly compressAbove: number;
  readonly cipher: Cipher | undefined;
  readonly resultStore: ResultStore | undefined;
  readonly storeResultsAbove: number;
  readonly unroutableAfterMs: number;
  readonly tracing: Tracing | undefined;
  readonly logger: Logger;
  /** False: nobody gave a logger. */
  readonly isLogged: boolean;
}

const KNOWN = [
  'tasks',
  'handlers',
  'redis',
  'broker',
  'name',
  'prefix',
  'concurrency',
  'concurrencyBounds',
  'labels',
  'http',
  'metricTypes',
  'metricQueues',
  'metricGroup',
  'middleware',
  'grace',
  'lease',
  'sharedCalls',
  'resultLimit',
  'compressAbove',
  'encryption',
  'resultStore',
  'storeResultsAbove',
  'unroutableAfter',
  'onSuccess',
  'onRetry',
  'onFailure',
  'tracing',
  'logger',
];
const DEFAULT_RESULT_LIMIT = 1024 * 1024;
const MAX_RESULT_LIMIT = 512 * 1024 * 1024;

/** @throws OPTION_INVALID naming the option. */
export function resolveWorkerOptions<D extends TaskDefinitions>(
  given: WorkerOptions<D>,
): ResolvedWorkerOptions {
  if (typeof given !== 'object' || given === null)
    throw invalidOption('createWorker options', 'an object', given);
  checkKnown('createWorker options', given, KNOWN);
  if (!(given.tasks?.contracts instanceof Map))
    throw invalidOption('tasks', 'what defineTasks() returned', given.tasks);
  const name = given.name === undefined ? nextName() : checkKey('name', given.name);
  return Object.freeze({
    tasks: given.tasks,
    registry: toRegistry(given.tasks, given.handlers),
    redis: given.redis,
    broker: checkBroker(given),
    name,
    callbacks: checkCallbacks(given as Callbacks),
    prefix: given.prefix,
    concurrencyOf: resolveConcurrency(given.concurrency, given.tasks),
    concurrencyBounds: resolveConcurrencyBounds(given.concurrencyBounds),
    labels: checkLabels('labels', given.labels ?? {}),
    http: given.http === undefined ? undefined : resolveHttpOptions(given.http),
    metricTypes: checkMaxLabels('metricTypes', given.metricTypes),
    metricQueues: checkMaxLabels('metricQueues', given.metricQueues),
    metricGroup: checkGroup('metricGroup', given.metricGroup),
    middleware: checkMiddleware(given.middleware ?? []),
    graceMs: toMs('grace', given.grace ?? '25s', { maxMs: 3_600_000 }),
    lease: given.lease,
    sharedCalls: given.sharedCalls,
    resultLimit: checkInteger('resultLimit', given.resultLimit ?? DEFAULT_RESULT_LIMIT, [
      1,
      MAX_RESULT_LIMIT,
    ]),
    compressAbove: resolveCompressAbove(given.compressAbove),
    cipher: resolveEncryption(given.encryption),
    resultStore: checkStore(given.resultStore),
    storeResultsAbove: checkInteger('storeResultsAbove', given.storeResultsAbove ?? 0, [
      0,
      given.resultLimit ?? DEFAULT_RESULT_LIMIT,
    ]),
    unroutableAfterMs: toMs('unroutableAfter', given.unroutableAfter ?? '1h', {
      minMs: 1_000,
      maxMs: MAX_HORIZON_MS,
    }),
    tracing: checkTracing(given.tracing),
    logger: checkLogger(given.logger ?? SILENT_LOGGER).child({ worker: name }),
    isLogged: given.logger !== undefined,
  });
}

let workers = 0;

/** Unique among live workers, as far as host names are. */
function nextName(): string {
  workers += 1;
  return `${hostname()}:${process.pid}:${workers}`;
}

function checkBroker({ redis, broker }: { redis?: unknown; broker?: ConsumerBroker | undefined }) {
  if (broker !== undefined && redis !== undefined)
    throw invalidOption('broker', 'absent where `redis` is given', broker);
  if (broker === undefined || typeof broker?.consume === 'function') return broker;
  throw invalidOption('broker', 'a ConsumerBroker', broker);
}

function checkStore(given: ResultStore | undefined): ResultStore | undefined {
  const isStore = typeof given?.put === 'function' && typeof given.get === 'function';
  if (given === undefined || isStore) return given;
  throw invalidOption('resultStore', 'an object with put and get', given);
}

function checkMiddleware(given: readonly TaskMiddleware[]): readonly TaskMiddleware[] {
  if (Array.isArray(given) && given.every((one) => typeof one === 'function')) return [...given];
  throw invalidOption('middleware', 'an array of functions', given);
}

function toRegistry<D extends TaskDefinitions>(
  tasks: Tasks<D>,
  handlers: Handlers<D> | HandlerRegistry<D>,
): HandlerRegistry {
  if (typeof handlers !== 'object' || handlers === null)
    throw invalidOption('handlers', 'an object of handlers, or a HandlerRegistry', handlers);
  if (isRegistry(handlers)) {
    checkContracts(handlers, tasks);
    return handlers;
  }
  return defineHandlers(tasks, handlers as Handlers<D>) as unknown as HandlerRegistry;
}
