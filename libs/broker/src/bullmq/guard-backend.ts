import { setTimeout as delay } from 'node:timers/promises';
import type { RedisQueueBackend } from 'bullmq';
import { troubleOf } from './redis-reply-error.js';

/** The calls that take a task or record what became of it. */
const GUARDED = [
  'moveToActive',
  'moveToFinished',
  'moveToDelayed',
  'retryJob',
  'moveJobFromActiveToWait',
] as const;

/** The two calls in which an idle worker waits for tasks; a busy one is seen by what it runs. */
const SIGNS_OF_LIFE = ['moveToActive', 'waitForJob'] as const;

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;

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

function guarded(name: string, call: Call, options: GuardOptions): Call {
  const isTake = name === 'moveToActive';
  return function guardedCall(...args) {
    return call(...args).catch((error: unknown) => again(error, () => call(...args)));
  };

  async function again(first: unknown, repeat: () => Promise<unknown>): Promise<unknown> {
    let error = first;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
      if (troubleOf(error).kind !== 'transient' || options.signal.aborted) throw error;
      options.report(error);
      if (isTake && options.quiet()) return [];
      await pause(pauseMs, options.signal);
      try {
        return await repeat();
      } catch (next) {
        error = next;
      }
    }
  }
}

/** Waits, half of it by chance, and no longer than the signal allows. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
}
