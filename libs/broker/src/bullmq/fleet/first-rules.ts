import { setTimeout as delay } from 'node:timers/promises';
import { GoflowError } from '@goflow/shared';
import { bareCause, brokerRefused, troubleOf } from '../redis-reply-error.js';

const RETRY_MS = 1_000;

/**
 * Knows whether Redis refuses to tell the rules of the fleet to a worker that has never read them: a right is missing, or something else lies at their
 * key. That is a fault of the set-up: the fleet may be at 0, so nothing is taken. A Redis that merely does not answer keeps nobody from tasks.
 */
export class FirstRules<T> {
  readonly #ask: () => Promise<T>;
  #isKnown = false;
  #isRefused = false;

  constructor(ask: () => Promise<T>) {
    this.#ask = ask;
  }

  /** Reads them. @throws BROKER_REFUSED while they were never read and are refused; else the error of the Redis client */
  async read(): Promise<T> {
    try {
      const rules = await this.#ask();
      this.#isKnown = true;
      this.#isRefused = false;
      return rules;
    } catch (error) {
      const word = this.#isKnown ? undefined : refusalIn(error);
      if (word === undefined) throw error;
      this.#isRefused = true;
      throw refused(word, error);
    }
  }

  /** Resolves when tasks may be taken, or `signal` is aborted: at once, unless the rules are refused. Has them read again every second. */
  async allowed(again: () => void, signal: AbortSignal): Promise<void> {
    while (this.#isRefused && !signal.aborted) {
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) again();
    }
  }
}

/** The word of a refusal that somebody has to put right; a server that is loading or without its master will answer by itself. */
function refusalIn(error: unknown): string | undefined {
  const trouble = troubleOf(error);
  if (trouble.kind === 'refused') return trouble.word;
  return trouble.kind === 'transient' && trouble.word === 'NOPERM' ? trouble.word : undefined;
}

function refused(word: string, error: unknown): GoflowError {
  const { message } = brokerRefused(word, error);
  return new GoflowError(
    'BROKER_REFUSED',
    `no task is taken before the rules of the fleet can be read: ${message}`,
    { cause: bareCause(error), details: { reason: word } },
  );
}
