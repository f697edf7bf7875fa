import { setTimeout as delay } from 'node:timers/promises';
import { GoflowError } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { isReady } from './redis-connection.js';
import { brokerRefused, brokerUnavailable, troubleOf } from './redis-reply-error.js';

const PAUSE_MS = 50;

/** Makes every call of a producer end: it is tried again while Redis is away, and fails when time is up. */
export class Deadline {
  readonly #redis: Redis | Cluster;
  readonly #timeoutMs: number;
  #lastError: unknown;
  readonly #onError = (error: unknown): void => {
    this.#lastError = error;
  };
  readonly #onReady = (): void => {
    this.#lastError = undefined;
  };

  constructor(redis: Redis | Cluster, timeoutMs: number) {
    this.#redis = redis;
    this.#timeoutMs = timeoutMs;
    redis.on('error', this.#onError).on('ready', this.#onReady);
  }

  /** Takes its listeners off the connection, which may be the caller's. */
  release(): void {
    this.#redis.off('error', this.#onError).off('ready', this.#onReady);
  }

  /**
   * Runs `command`, again if need be, within the time limit. It must be safe to run twice: every task has its id before
   * it is sent.
   *
   * @throws BROKER_UNAVAILABLE, BROKER_REFUSED
   */
  async within<T>(command: () => Promise<T>): Promise<T> {
    const endsAt = performance.now() + this.#timeoutMs;
    let sent = false;
    for (;;) {
      if (!isReady(this.#redis)) await this.#untilReady(endsAt, sent);
      sent = true;
      try {
        return await this.#race(command(), endsAt);
      } catch (error) {
        await this.#pauseOrThrow(error, endsAt);
      }
    }
  }

  #race<T>(work: Promise<T>, endsAt: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(brokerUnavailable(this.#timeoutMs, true, this.#lastError)),
        Math.max(endsAt - performance.now(), 0),
      );
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

  async #pauseOrThrow(error: unknown, endsAt: number): Promise<void> {
    if (error instanceof GoflowError) throw error;
    const trouble = troubleOf(error);
    if (trouble.kind === 'other') throw error;
    if (trouble.kind === 'refused') throw brokerRefused(trouble.word, error);
    const rest = endsAt - performance.now();
    // Memory is not freed within the patience of a push, so that is said at once.
    const hopeless = rest <= PAUSE_MS || (trouble.kind === 'transient' && trouble.word === 'OOM');
    if (hopeless && trouble.kind === 'transient') throw brokerRefused(trouble.word, error);
    if (hopeless) throw brokerUnavailable(this.#timeoutMs, true, error);
    await delay(PAUSE_MS * (0.5 + Math.random()));
  }

  async #untilReady(endsAt: number, sent: boolean): Promise<void> {
    const redis = this.#redis;
    if (redis.status === 'end')
      throw brokerUnavailable(0, sent, new Error('the connection is closed'));
    if (redis.status === 'wait') redis.connect().catch(() => undefined);
    const rest = Math.max(endsAt - performance.now(), 0);
    let onReady: (() => void) | undefined;
    let timer: NodeJS.Timeout | undefined;
    const ready = new Promise<boolean>((resolve) => {
      onReady = () => resolve(true);
      timer = setTimeout(() => resolve(false), rest);
      redis.setMaxListeners(0).once('ready', onReady).once('end', onReady);
    });
    const came = await ready;
    clearTimeout(timer);
    if (onReady) redis.off('ready', onReady).off('end', onReady);
    if (!came) throw this.#notReady(sent);
  }

  #notReady(sent: boolean): GoflowError {
    const trouble = troubleOf(this.#lastError);
    if (trouble.kind === 'transient' || trouble.kind === 'refused')
      return brokerRefused(trouble.word, this.#lastError);
    return brokerUnavailable(this.#timeoutMs, sent, this.#lastError);
  }
}
