import type { RedisQueueBackend } from 'bullmq';
import { tryAgain } from './try-again.js';

/** The calls that take a task or record what became of it. */
const GUARDED = [
  'moveToActive',
  'moveToFinished',
  'moveToDelayed',
  'retryJob',
  'moveJobFromActiveToWait',
] as const;

/** The calls whose answers show that tasks can be taken: a busy worker takes them with the end of others. */
const SIGNS_OF_LIFE = ['moveToActive', 'waitForJob', 'moveToFinished'] as const;

/** What a guarded backend needs. */
export interface GuardOptions {
  /** Ends all waiting: the consumer is closing. */
  readonly signal: AbortSignal;
  /** True while nothing is to be taken: then taking is given up instead of tried again. */
  readonly quiet: () => boolean;
  readonly report: (error: unknown) => void;
  /** Told of every answer of Redis to the loop that takes tasks. */
  readonly alive: () => void;
}

type Call = (...args: unknown[]) => Promise<unknown>;

/**
 * The circuit breaker between BullMQ and Redis. When Redis answers that it is out of memory, read only, loading, without rights …
 * BullMQ asks again at once, thousands of times a second, and throws the result of a finished task away. Here such a call
 * waits, 0.1 s at first, 5 s at most, and is made again until it succeeds: results are kept and Redis is left in peace.
 */
export function guardBackend(backend: RedisQueueBackend, options: GuardOptions): RedisQueueBackend {
  const calls = backend as unknown as Record<string, Call>;
  for (const name of GUARDED) {
    const call = calls[name];
    if (!call) throw new Error(`BullMQ has no ${name}: this is not the version goflow is made for`);
    calls[name] = guarded(name, call.bind(backend), options);
  }
  for (const name of SIGNS_OF_LIFE) {
    const call = calls[name]?.bind(backend);
    if (call) calls[name] = (...args) => noted(call(...args), options.alive);
  }
  return backend;
}

function noted(answer: Promise<unknown>, alive: () => void): Promise<unknown> {
  answer.then(alive, () => undefined);
  return answer;
}

function guarded(name: string, call: Call, { signal, report, quiet }: GuardOptions): Call {
  // A worker that is to take nothing gives up taking instead.
  const isTaking = name === 'moveToActive';
  const instead = isTaking ? () => (quiet() ? [] : undefined) : () => undefined;
  // Nothing is lost by waiting there, and BullMQ would ask again at once, for ever.
  const patience = { signal, report, instead, untilMended: isTaking };
  return (...args) =>
    call(...args).catch((error: unknown) => tryAgain(error, () => call(...args), patience));
}
