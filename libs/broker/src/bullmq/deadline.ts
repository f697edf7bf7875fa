import { setTimeout as delay } from 'node:timers/promises';
import { GoflowError } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { isReady } from './redis-connection.js';
import { brokerRefused, brokerUnavailable, troubleOf } from './redis-reply-error.js';

const PAUSE_MS = 50;

/** One call on its way. */
interface Call {
  /** On the monotonic clock. */
  readonly endsAt: number;
  /** True once the command may have reached Redis. */
  sent: boolean;
  /** What Redis last said to it. */
  reply?: { readonly word: string; readonly error: unknown };
}

/** Makes every call of a producer end: it is tried again while Redis is away, and fails when time is up. */
export class Deadline {
  readonly #redis: Redis | Cluster;
  readonly #timeoutMs: number;
  /** Calls that wait for the connection. One listener for all: there may be very many. */
  readonly #waiting = new Set<() => void>();
  #lastError: unknown;
  #isReleased = false;
  readonly #onError = (error: unknown): void => {
    this.#lastError = error;
  };
  readonly #onReady = (): void => {
    this.#lastError = undefined;
    this.#wake();
  };
  readonly #wake = (): void => {
    for (const wake of this.#waiting) wake();
  };

  constructor(redis: Redis | Cluster, timeoutMs: number) {
    this.#redis = redis;
    this.#timeoutMs = timeoutMs;
    redis.on('error', this.#onError).on('ready', this.#onReady).on('end', this.#wake);
  }

  /** Takes its listeners off the connection, which may be the caller's. */
  release(): void {
    this.#isReleased = true;
    this.#wake();
    this.#redis.off('error', this.#onError).off('ready', this.#onReady).off('end', this.#wake);
  }

  /**
   * Runs `command`, again if need be, within the time limit. It must be safe to run twice: every task has its id before
   * it is sent.
   *
   * @throws BROKER_UNAVAILABLE, BROKER_REFUSED
   */
  async within<T>(command: () => Promise<T>): Promise<T> {
    const call: Call = { endsAt: performance.now() + this.#timeoutMs, sent: false };
    for (;;) {
      if (!isReady(this.#redis)) await this.#untilReady(call);
      if (this.#isReleased) throw new GoflowError('CLIENT_CLOSED', 'the client was closed');
      call.sent = true;
      try {
        return await this.#race(command(), call);
      } catch (error) {
        await this.#pauseOrThrow(error, call);
      }
    }
  }

  #race<T>(work: Promise<T>, call: Call): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(this.#timeUp(call)), this.#restMs(call));
      work.then(
        (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        (error: unknown) => {
          clearTimeout(timer);
          reject(error);
        },
      );
    });
  }

  async #pauseOrThrow(error: unknown, call: Call): Promise<void> {
    if (error instanceof GoflowError) throw error;
    const trouble = troubleOf(error);
    if (trouble.kind === 'other') throw error;
    if (trouble.kind === 'refused') throw brokerRefused(trouble.word, error);
    if (trouble.kind === 'transient') call.reply = { word: trouble.word, error };
    else this.#lastError ??= error;
    // Memory is not freed within the patience of a push, so that is said at once.
    const isHopeless = call.reply?.word === 'OOM' || this.#restMs(call) <= PAUSE_MS;
    if (isHopeless) throw this.#timeUp(call);
    await delay(PAUSE_MS * (0.5 + Math.random()));
  }

  async #untilReady(call: Call): Promise<void> {
    const redis = this.#redis;
    if (redis.status === 'end' && !this.#isReleased)
      throw brokerUnavailable(0, call.sent, new Error('the connection is closed'));
    if (redis.status === 'wait') redis.connect().catch(() => undefined);
    const came = await new Promise<boolean>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(wake);
        resolve(false);
      }, this.#restMs(call));
      this.#waiting.add(wake);
    });
    if (!came) throw this.#timeUp(call);
  }

  #restMs(call: Call): number {
    return Math.max(call.endsAt - performance.now(), 0);
  }

  /** What Redis said is told before that it said nothing more. */
  #timeUp(call: Call): GoflowError {
    if (call.reply) return brokerRefused(call.reply.word, call.reply.error);
    const trouble = troubleOf(this.#lastError);
    if (trouble.kind === 'transient' || trouble.kind === 'refused')
      return brokerRefused(trouble.word, this.#lastError);
    return brokerUnavailable(this.#timeoutMs, call.sent, this.#lastError);
  }
}
