import {
  checkInteger,
  checkKnown,
  invalidOption,
  MAX_CONCURRENCY,
  type Tasks,
} from '@goflow/shared';

/** What a worker keeps its concurrency between, whatever is wanted of it. */
export interface ConcurrencyBounds {
  /** 0 to 10,000. Above 0 it never takes nothing. @default 0 */
  readonly min?: number | undefined;
  /** `min` to 10,000. @default 10,000 */
  readonly max?: number | undefined;
}

/** {@link ConcurrencyBounds} with defaults filled in. */
export type ResolvedConcurrencyBounds = Readonly<Record<'min' | 'max', number>>;

const DEFAULT_CONCURRENCY = 10;

/** @throws OPTION_INVALID */
export function checkConcurrency(value: unknown, name = 'concurrency'): number {
  return checkInteger(name, value, [0, MAX_CONCURRENCY]);
}

/** Tasks at once by queue, as a worker is started. @throws OPTION_INVALID */
export function resolveConcurrency(
  given: number | Readonly<Record<string, number>> | undefined,
  tasks: Tasks,
): (queue: string) => number {
  if (typeof given !== 'object' || given === null) {
    const concurrency = checkConcurrency(given ?? DEFAULT_CONCURRENCY);
    return () => concurrency;
  }
  if (Array.isArray(given))
    throw invalidOption('concurrency', 'a number, or a number for each queue', given);
  const queues = new Set([...tasks.contracts.values()].map(({ queue }) => queue));
  const sizes = new Map<string, number>();
  for (const [queue, concurrency] of Object.entries(given)) {
    if (!queues.has(queue))
      throw invalidOption(
        'concurrency',
        `by queues of the contracts: ${[...queues].join(', ')}`,
        queue,
      );
    sizes.set(queue, checkConcurrency(concurrency, `concurrency.${queue}`));
  }
  return (queue) => sizes.get(queue) ?? DEFAULT_CONCURRENCY;
}

/** @throws OPTION_INVALID */
export function resolveConcurrencyBounds(given: ConcurrencyBounds = {}): ResolvedConcurrencyBounds {
  checkKnown('concurrencyBounds', given, ['min', 'max']);
  const min = checkConcurrency(given.min ?? 0, 'concurrencyBounds.min');
  const max = checkInteger('concurrencyBounds.max', given.max ?? MAX_CONCURRENCY, [
    min,
    MAX_CONCURRENCY,
  ]);
  return Object.freeze({ min, max });
}
