import type { BoundOptions, GoflowOptions } from '@goflow/sdk';
import { type Clock, checkKnown, invalidOption, type TaskDefinitions } from '@goflow/shared';
import type { WorkerOptions } from '@goflow/worker';

/** Options of {@link createLocalGoflow}: those of a worker, and of its client. `compressAbove`, `encryption` and `tracing` hold for both. */
export interface LocalGoflowOptions<D extends TaskDefinitions>
  extends BoundOptions,
    Omit<
      WorkerOptions<D>,
      'redis' | 'broker' | 'prefix' | 'lease' | 'sharedCalls' | 'unroutableAfter'
    > {
  /** See the client's `payloadLimit`. @default 1,048,576 (1 MiB) */
  readonly payloadLimit?: number | undefined;
  /** Code around every push, the first outermost. `middleware` is around every handler. @default none */
  readonly pushMiddleware?: GoflowOptions<D>['middleware'];
  /** Where the time comes from: a fake clock in tests. @default the system's */
  readonly clock?: Clock | undefined;
}

/** The same options, by who takes them. */
export interface Split<D extends TaskDefinitions> {
  readonly worker: WorkerOptions<D>;
  readonly client: GoflowOptions<D>;
  readonly clock: Clock | undefined;
}

const KNOWN = [
  'tasks',
  'handlers',
  'name',
  'concurrency',
  'concurrencyBounds',
  'labels',
  'http',
  'middleware',
  'grace',
  'resultLimit',
  'compressAbove',
  'encryption',
  'resultStore',
  'storeResultsAbove',
  'onSuccess',
  'onRetry',
  'onFailure',
  'tracing',
  'logger',
  'payloadLimit',
  'pushMiddleware',
  'clock',
  'maxDepth',
  'whenFull',
  'maxPending',
];
const NOT_HERE = ['redis', 'broker', 'prefix', 'lease', 'sharedCalls', 'unroutableAfter'];

/** Options of both doors. @throws OPTION_INVALID */
export function splitOptions<D extends TaskDefinitions>(given: LocalGoflowOptions<D>): Split<D> {
  if (typeof given !== 'object' || given === null)
    throw invalidOption('createLocalGoflow options', 'an object', given);
  for (const name of NOT_HERE)
    if (name in given) throw invalidOption(name, 'absent in local mode', Reflect.get(given, name));
  checkKnown('createLocalGoflow options', given, KNOWN);
  const { payloadLimit, pushMiddleware, clock, maxDepth, whenFull, maxPending, ...worker } = given;
  const { tasks, resultStore, compressAbove, encryption, tracing, logger } = given;
  const common = { tasks, resultStore, compressAbove, encryption, tracing, logger };
  const bounds = { maxDepth, whenFull, maxPending };
  const client = { ...common, ...bounds, payloadLimit, middleware: pushMiddleware };
  return { worker, client, clock };
}
