import { checkInteger, invalidOption, type Tasks } from '@goflow/shared';

/** What bounds a client, and the queues that it pushes to. */
export interface BoundOptions {
  /**
   * How many tasks a queue may hold that have not begun (`waiting` and `delayed`, those of chunks each counted): 1 to 1,000,000,000, or a
   * number for each queue. The client asks at most every 250 ms how many there are, and adds what it pushed since: one client alone never
   * exceeds it, several by what they push in that time and until the answer comes. Chunks are cut to it. @default no limit
   */
  readonly maxDepth?: number | Readonly<Record<string, number>> | undefined;
  /**
   * What a push to a full queue does. `refuse`: it fails as QUEUE_FULL. `wait`: it waits for room, as long as `timeout` allows. A `map` waits
   * in any case. @default 'refuse'
   */
  readonly whenFull?: 'refuse' | 'wait' | undefined;
  /**
   * How many pushes may be under way in this client: 1 to 10,000,000. One more fails as CLIENT_OVERLOADED: so a program that pushes without
   * awaiting, faster than Redis takes it, does not run out of memory. Of these 10,000 may wait in middleware or in an asynchronous schema.
   * @default 100,000
   */
  readonly maxPending?: number | undefined;
}

/** The names of {@link BoundOptions}. */
export const BOUND_OPTIONS = ['maxDepth', 'whenFull', 'maxPending'] as const;

/** {@link BoundOptions} with defaults filled in. */
export interface ResolvedBounds {
  /** By queue; undefined where no queue has a limit. */
  readonly maxDepths: ReadonlyMap<string, number> | undefined;
  readonly waitsWhenFull: boolean;
  readonly maxPending: number;
}

const MAX_DEPTH = 1_000_000_000;
const MAX_PENDING = 10_000_000;
const DEFAULT_PENDING = 100_000;

/** @throws OPTION_INVALID */
export function resolveBounds(given: BoundOptions, tasks: Tasks): ResolvedBounds {
  const { maxDepth, whenFull = 'refuse', maxPending = DEFAULT_PENDING } = given;
  if (whenFull !== 'refuse' && whenFull !== 'wait')
    throw invalidOption('whenFull', "'refuse' or 'wait'", whenFull);
  return {
    maxDepths: maxDepth === undefined ? undefined : resolveDepths(maxDepth, tasks),
    waitsWhenFull: whenFull === 'wait',
    maxPending: checkInteger('maxPending', maxPending, [1, MAX_PENDING]),
  };
}

function resolveDepths(
  given: number | Readonly<Record<string, number>>,
  tasks: Tasks,
): ReadonlyMap<string, number> {
  const queues = new Set([...tasks.contracts.values()].map(({ queue }) => queue));
  if (typeof given !== 'object' || given === null) {
    const depth = checkDepth(given, 'maxDepth');
    return new Map([...queues].map((queue) => [queue, depth]));
  }
  if (Array.isArray(given))
    throw invalidOption('maxDepth', 'a number, or a number for each queue', given);
  const depths = new Map<string, number>();
  for (const [queue, depth] of Object.entries(given)) {
    if (!queues.has(queue))
      throw invalidOption(
        'maxDepth',
        `by queues of the contracts: ${[...queues].join(', ')}`,
        queue,
      );
    depths.set(queue, checkDepth(depth, `maxDepth.${queue}`));
  }
  return depths;
}

const checkDepth = (value: unknown, name: string): number =>
  checkInteger(name, value, [1, MAX_DEPTH]);
