import { type BackoffOptions, type ResolvedBackoffOptions, resolveBackoff } from './backoff.js';
import {
  checkKey,
  type DeduplicationWindow,
  type ResolvedDeduplication,
  resolveDeduplication,
} from './deduplication.js';
import { type Duration, toMs } from './duration.js';
import { checkInteger, checkKnown, invalidOption } from './invalid-option.js';
import { MAX_HORIZON_MS, type RetentionOptions, resolveRetention } from './retention.js';
import { checkTags } from './tags.js';

/** What one push may say about its task. What it does not say, the contract of the type says. */
export interface PushOptions {
  /** How long the task waits before a worker may take it, at most 2^31 - 1 ms. @default 0 */
  readonly delay?: Duration | undefined;
  /** When a worker may take the task: instead of `delay`, at most 366 days ahead; a past time is now. */
  readonly runAt?: Date | undefined;
  /**
   * 0 to 2,097,152. 0 has no priority and is taken first, in the order of pushing; of the others the lower number is
   * taken first, as in BullMQ. Priorities cost a little speed. @default 0
   */
  readonly priority?: number | undefined;
  /** How often the task is tried in all, the first included: 1 to 1,000. @default that of the contract, else 3 */
  readonly maxAttempts?: number | undefined;
  /** The wait between two attempts. @default that of the contract, else exponential from 1 s */
  readonly backoff?: BackoffOptions | Duration | undefined;
  /** The longest time that one attempt may run: '1ms' to 2^31 - 1 ms. @default that of the contract, else '5m' */
  readonly timeout?: Duration | undefined;
  /**
   * How long after it could first be taken a worker may still begin it; later it is `expired` and not run. '1ms' to '366d'.
   * @default that of the contract, else for ever
   */
  readonly startBy?: Duration | undefined;
  /**
   * How long after the push the task may take in all, delays and every attempt included. Then it fails with `TASK_DEADLINE`.
   * '1ms' to '366d'. @default that of the contract, else for ever
   */
  readonly deadline?: Duration | undefined;
  /** Words to find the task by: at most 10, each of 1 to 64 characters. @default none */
  readonly tags?: readonly string[] | undefined;
  /** How long the finished task can be asked for. @default that of the contract */
  readonly retention?: RetentionOptions | undefined;
  /**
   * An id of your own, 1 to 256 characters: a second push of the same type and id is the same task, as long as it is kept.
   * With another payload it is refused as TASK_ID_TAKEN.
   */
  readonly id?: string | undefined;
  /** While a task of this type and key is unfinished, a push answers with that task. 1 to 256 characters. */
  readonly deduplicationKey?: string | undefined;
  /** Another time for `deduplicationKey` than while the first is unfinished. */
  readonly deduplicationWindow?: DeduplicationWindow | undefined;
  /** The trace that the push is part of: a W3C `traceparent`. It reaches the handler and its log. */
  readonly traceparent?: string | undefined;
}

/** {@link PushOptions} checked; only what was given is there, so that only that is stored with the task. */
export interface ResolvedPushOptions {
  readonly delayMs?: number;
  /** Milliseconds since 1970. */
  readonly runAt?: number;
  readonly priority?: number;
  readonly maxAttempts?: number;
  readonly backoff?: ResolvedBackoffOptions;
  readonly timeoutMs?: number;
  readonly startByMs?: number;
  readonly deadlineMs?: number;
  readonly tags?: readonly string[];
  readonly retention?: RetentionOptions;
  readonly id?: string;
  readonly deduplication?: ResolvedDeduplication;
  readonly traceparent?: string;
}

/** The highest priority number that BullMQ sorts correctly: 2^21. */
export const MAX_PRIORITY = 2 ** 21;
/** The most attempts that a task may have. */
export const MAX_ATTEMPTS = 1_000;

const NONE: ResolvedPushOptions = Object.freeze({});

/** W3C Trace Context, section 3.2: version, trace id, parent id, flags. There is no version ff, and no id of zeros only. */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;

type Check = (value: never) => object;

const time = (name: string, field: string) => (value: unknown) => ({
  [field]: toMs(name, value, { minMs: 1, maxMs: MAX_HORIZON_MS }),
});

/** How each option is checked, and what it becomes. `deduplicationWindow` goes with its key. */
const CHECKS: Readonly<Record<Exclude<keyof PushOptions, 'deduplicationWindow'>, Check>> = {
  delay: (value) => ({ delayMs: toMs('delay', value) }),
  runAt: (value) => ({ runAt: checkDate('runAt', value) }),
  priority: (value) => ({ priority: checkInteger('priority', value, [0, MAX_PRIORITY]) }),
  maxAttempts: (value) => ({ maxAttempts: checkInteger('maxAttempts', value, [1, MAX_ATTEMPTS]) }),
  backoff: (value) => ({ backoff: resolveBackoff(value) }),
  timeout: (value) => ({ timeoutMs: toMs('timeout', value, { minMs: 1 }) }),
  startBy: time('startBy', 'startByMs'),
  deadline: time('deadline', 'deadlineMs'),
  tags: (value) => ({ tags: checkTags('tags', value) }),
  retention: (value) => ({ retention: checkRetention(value) }),
  id: (value) => ({ id: checkKey('id', value) }),
  deduplicationKey: () => ({}),
  traceparent: (value) => ({ traceparent: checkTraceparent(value) }),
};
/** The names of all options of a push. */
export const PUSH_OPTIONS: readonly string[] = [...Object.keys(CHECKS), 'deduplicationWindow'];
/** Made once: this is done for every push that has options. */
const CHECK_LIST = Object.entries(CHECKS) as [keyof PushOptions, Check][];

/**
 * What no option is given for is always the same object, which costs nothing further on.
 *
 * @throws OPTION_INVALID naming the option: it is refused, never repaired.
 */
export function resolvePushOptions(given: PushOptions | undefined): ResolvedPushOptions {
  if (given === undefined) return NONE;
  if (typeof given !== 'object' || given === null)
    throw invalidOption('options', 'an object', given);
  checkKnown('push options', given, PUSH_OPTIONS);
  const resolved: Record<string, unknown> = {};
  let isEmpty = true;
  for (const [name, check] of CHECK_LIST) {
    const value = given[name];
    if (value === undefined) continue;
    isEmpty = false;
    Object.assign(resolved, check(value as never));
  }
  if (given.delay !== undefined && given.runAt !== undefined)
    throw invalidOption('runAt', 'absent where `delay` is given', given.runAt);
  const deduplication = resolveDeduplication(given.deduplicationKey, given.deduplicationWindow);
  if (isEmpty) return NONE;
  return deduplication === undefined
    ? resolved
    : { ...resolved, ...checkAlone(given, deduplication) };
}

/** Two ways of being the same task would contradict each other; a debounced task has its own delay. */
function checkAlone(given: PushOptions, deduplication: ResolvedDeduplication) {
  if (given.id !== undefined)
    throw invalidOption('deduplicationKey', 'absent where `id` is given', given.deduplicationKey);
  if (deduplication.mode === 'debounce') {
    for (const name of ['delay', 'runAt'] as const)
      if (given[name] !== undefined)
        throw invalidOption(name, 'absent with a debounce, whose window is the delay', given[name]);
  }
  return { deduplication };
}

function checkDate(name: string, value: unknown): number {
  const at = value instanceof Date ? value.getTime() : Number.NaN;
  // How far ahead it may be is judged by the broker's clock.
  if (at >= 0) return at;
  throw invalidOption(name, 'a valid Date, not before 1970', value);
}

/** As given: what it leaves open, the contract says. */
function checkRetention(value: RetentionOptions): RetentionOptions {
  resolveRetention(value);
  return value;
}

function checkTraceparent(value: unknown): string {
  if (typeof value === 'string' && TRACEPARENT.test(value)) return value;
  throw invalidOption('traceparent', 'a W3C traceparent', value);
}
