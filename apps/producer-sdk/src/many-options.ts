import {
  checkInteger,
  checkKnown,
  invalidOption,
  MAX_CHUNK,
  PUSH_OPTIONS,
  type PushOptions,
  type TaskContract,
} from '@goflow/shared';

/** Options of {@link Goflow.pushMany} that hold for every task. */
export interface PushManyOptions extends PushOptions {
  /**
   * How many tasks one entry of the queue carries: 1 to 1,000. From 2 on it is a chunk, even of a single payload; 1 makes none. A chunk
   * takes one slot of a worker, in which its tasks run one after another. It is cut earlier where its payloads, as stored, would
   * exceed 1 MiB, and at the `maxDepth` of its queue. Not with `id` and `deduplicationKey`. @default that of the contract, else 1
   */
  readonly chunk?: number | undefined;
}

/** The options of many pushes: the same for all; or those of each, which then go one by one, in no chunk. */
export type ManyOptions<Payload = unknown> =
  | PushManyOptions
  | ((payload: Payload, index: number) => PushOptions | undefined);

/** The same for all, checked as far as chunks go. */
export interface ResolvedManyOptions {
  /** What every push is given. */
  readonly options: PushOptions | undefined;
  /** 1: each task by itself. */
  readonly chunk: number;
}

const KNOWN = [...PUSH_OPTIONS, 'chunk'];
const ALONE = ['id', 'deduplicationKey'] as const;

/**
 * Takes `chunk` out of the options.
 *
 * @param most the most that the queue may hold: a chunk of more could never get in
 * @throws OPTION_INVALID for an unknown option, a chunk out of range, or one with what makes a task the only one
 */
export function takeChunk(
  given: PushManyOptions | undefined,
  contract: TaskContract,
  most = MAX_CHUNK,
): ResolvedManyOptions {
  const isBare = typeof given !== 'object' || given === null || !('chunk' in given);
  const { chunk: size, ...rest } = isBare ? {} : given;
  if (typeof given === 'object' && given !== null) checkKnown('push options', given, KNOWN);
  const options = isBare ? given : rest;
  const alone = ALONE.find((name) => options?.[name] !== undefined);
  if (size === undefined) return { options, chunk: alone ? 1 : Math.min(contract.chunk, most) };
  const chunk = checkInteger('chunk', size, [1, MAX_CHUNK]);
  if (alone && chunk > 1) throw invalidOption('chunk', `absent where \`${alone}\` is given`, chunk);
  return { options, chunk: Math.min(chunk, most) };
}
