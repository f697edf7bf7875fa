import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';
import { closeRedis, connectSubscriber } from './redis-connection.js';

/** What a subscriber is made with. */
export interface SubscriberOptions {
  /** The pattern for its own connection: a subscriber can send no other commands. */
  readonly redis: Redis | Cluster;
  readonly heard: (channel: string, message: string) => void;
  /** The connection was away, and hears again: what was published meanwhile is lost. */
  readonly gap: () => void;
  readonly report: (error: Error) => void;
}

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;

/**
 * Hears of channels, over one connection, as long as it is not closed. ioredis would subscribe again by itself after the connection was
 * away, but a refusal then, such as NOPERM while rights are changed, ends the process as an unhandled rejection, and nothing is heard
 * any more (6.0.0, `readyHandler`). Here it is told, and tried again.
 */
export class Subscriber {
  readonly #options: SubscriberOptions;
  readonly #redis: Redis | Cluster;
  readonly #channels = new Set<string>();
  readonly #closed = new AbortController();

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.#redis = connectSubscriber(options.redis);
    this.#redis.on('error', options.report);
    this.#redis.on('message', options.heard);
    // Before the first time nobody could have heard.
    this.#redis.once('ready', () => this.#redis.on('ready', () => void this.#subscribeAgain()));
  }

  /** Resolves when it hears; waits for Redis as long as it takes. */
  async subscribe(channel: string): Promise<void> {
    this.#channels.add(channel);
    try {
      await this.#redis.subscribe(channel);
    } catch (error) {
      this.#channels.delete(channel);
      throw error;
    }
  }

  async unsubscribe(channel: string): Promise<void> {
    this.#channels.delete(channel);
    await this.#redis.unsubscribe(channel).catch(() => undefined);
  }

  /** At once: who still waits for a subscription is refused. */
  abandon(): void {
    this.#closed.abort();
    // A second time, ioredis would wait for a socket to close that has closed, and keep the process for so long.
    if (this.#redis.status !== 'end') this.#redis.disconnect();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await closeRedis(this.#redis);
  }

  async #subscribeAgain(): Promise<void> {
    const { signal } = this.#closed;
    let pauseMs = FIRST_PAUSE_MS;
    // When the connection goes away again, the next `ready` begins anew.
    while (!signal.aborted && this.#redis.status === 'ready' && this.#channels.size > 0) {
      try {
        await this.#redis.subscribe(...this.#channels);
        this.#options.gap();
        return;
      } catch (error) {
        this.#options.report(error as Error);
        await delay(pauseMs, undefined, { signal }).catch(() => undefined);
        pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
      }
    }
  }
}
