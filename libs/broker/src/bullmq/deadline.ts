import { setTimeout as delay } from 'node:timers/promises';
import { GoflowError } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { isReady } from './redis-connection.js';
import { brokerRefused, brokerUnavailable, troubleOf } from './redis-reply-error.js';
import { TimeLimits } from './time-limits.js';

const PAUSE_MS = 50;

/** One call on its way. */
interface Call {
  /** On the monotonic clock. */
  readonly endsAt: number;
  /** What its command holds in memory. */
  readonly bytes: number;
  /** True once the command may have reached Redis. */
  sent: boolean;
  /** What Redis last said to it. */
  reply?: { readonly word: string; readonly error: unknown };
}

/** How an attempt ends. */
interface Ends<T> {
  readonly resolve: (value: T) => void;
  readonly timeUp: (error: GoflowError) => void;
  readonly failed: (error: unknown) => void;
}

/** Makes every call of a producer end: it is tried again while Redis is away, and fails when time is up. */
export class Deadline {
  readonly #redis: Redis | Cluster;
  readonly #timeoutMs: number;
  readonly #limits = new TimeLimits();
  /** Calls that wait for the connection. One listener for all: there may be very many. */
  readonly #waiting = new Set<() => void>();
  #unsettledBytes = 0;
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

  /** What the commands hold in memory that have not settled; those among them that were given up, too. */
  get unsettledBytes(): number {
    return this.#unsettledBytes;
  }

  /**
   * Runs `command`, again if need be, within the time limit. It must be safe to run twice: every task has its id before
   * it is sent.
   *
   * @param bytes what it holds in memory until it settles
   * @throws BROKER_UNAVAILABLE, BROKER_REFUSED
   */
  within<T>(command: () => Promise<T>, bytes = 0): Promise<T> {
    const call: Call = { endsAt: performance.now() + this.#timeoutMs, bytes, sent: false };
    if (!isReady(this.#redis) || this.#isReleased) return this.#again(command, call);
    // Nearly every call ends with this attempt: no further promise for it.
    return new Promise((resolve, reject) => {
      const failed = (error: unknown): void => resolve(this.#again(command, call, error));
      this.#attempt(command, call, { resolve, timeUp: reject, failed });
    });
  }

  async #again<T>(command: () => Promise<T>, call: Call, failed?: unknown): Promise<T> {
    let error = failed;
    for (;;) {
      if (error !== undefined) await this.#pauseOrThrow(error, call);
      if (!isReady(this.#redis)) await this.#untilReady(call);
      if (this.#isReleased) throw closedUnder(call);
      try {
        return await new Promise<T>((resolve, reject) => {
          this.#attempt(command, call, { resolve, timeUp: reject, failed: reject });
        });
      } catch (next) {
        error = next;
      }
    }
  }

  #attempt<T>(command: () => Promise<T>, call: Call, { resolve, timeUp, failed }: Ends<T>): void {
    call.sent = true;
    const limit = { endsAt: call.endsAt, end: () => timeUp(this.#timeUp(call)) };
    this.#limits.add(limit);
    const running = command();
    this.#unsettledBytes += call.bytes;
    running.then(
      (value) => {
        this.#unsettledBytes -= call.bytes;
        if (this.#limits.delete(limit)) resolve(value);
      },
      (error: unknown) => {
        this.#unsettledBytes -= call.bytes;
        if (this.#limits.delete(limit)) failed(error);
      },
    );
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

/** CLIENT_CLOSED of what was begun before. */
function closedUnder({ bytes, sent }: Call): GoflowError {
  const what = bytes > 0 ? 'push' : 'call';
  const message = sent
    ? `closed before Redis answered this ${what}, which may have been carried out`
    : `closed before this ${what} was sent`;
  const told = `the client was ${message}: await the ${what} before close()`;
  return new GoflowError('CLIENT_CLOSED', told, { details: { sent } });
}
