import { GoflowError, type TaskId, type TaskNews, type Watching } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { bullJobId, watchChannel } from './keys.js';
import { Subscriber } from './subscriber.js';
import { decodeNews } from './task-news.js';

/** Who watches a task. */
export interface WatchListener {
  news(news: TaskNews): void;
  /** The connection was away: news may have been lost. */
  gap(): void;
}

/** What a client watches, all over one connection, which is opened for the first watch and closed after the last. */
export class Watches {
  readonly #redis: Redis | Cluster;
  readonly #prefix: string;
  readonly #onError: (error: Error) => void;
  readonly #listeners = new Map<string, Set<WatchListener>>();
  #subscriber: Subscriber | undefined;

  constructor(redis: Redis | Cluster, prefix: string, onError: (error: Error) => void) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#onError = onError;
  }

  /** Watches a task from now on. Waits for Redis as long as it takes: who does not calls {@link leave}. */
  async open(id: TaskId, listener: WatchListener): Promise<Watching> {
    const channel = this.#channelOf(id);
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
    try {
      await this.#connect().subscribe(channel);
    } catch (error) {
      await this.#leave(channel, listener);
      throw error;
    }
    return { close: () => this.#leave(channel, listener) };
  }

  /** Ends a watch, though it may not be open yet. */
  async leave(id: TaskId, listener: WatchListener): Promise<void> {
    await this.#leave(this.#channelOf(id), listener);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    const subscriber = this.#subscriber;
    this.#subscriber = undefined;
    await subscriber?.close();
  }

  async #leave(channel: string, listener: WatchListener): Promise<void> {
    const listeners = this.#listeners.get(channel);
    listeners?.delete(listener);
    if (listeners?.size !== 0) return;
    this.#listeners.delete(channel);
    if (this.#listeners.size === 0) await this.close();
    else await this.#subscriber?.unsubscribe(channel);
  }

  #tellGap(): void {
    for (const listeners of this.#listeners.values())
      for (const listener of listeners) listener.gap();
  }

  #channelOf(id: TaskId): string {
    const unique = bullJobId(id);
    if (unique === undefined) throw new GoflowError('TASK_UNKNOWN', 'that is no id of a task');
    return watchChannel(this.#prefix, id.slice(0, id.indexOf(':')), unique);
  }

  #connect(): Subscriber {
    this.#subscriber ??= new Subscriber({
      redis: this.#redis,
      report: this.#onError,
      heard: (channel, message) => {
        const news = decodeNews(message);
        if (news) for (const listener of this.#listeners.get(channel) ?? []) listener.news(news);
      },
      gap: () => this.#tellGap(),
    });
    return this.#subscriber;
  }
}
