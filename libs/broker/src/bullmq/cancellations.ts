import type { Cluster, Redis } from 'ioredis';
import { Channels } from './channels.js';
import { cancelChannel, queueKey } from './keys.js';

/** How many wishes for tasks that are not here are remembered: the message may be faster than the task. */
const MAX_EARLY = 1_000;
/** How many wishes one call looks at. */
const SCAN_COUNT = 1_000;

/** Who is told that a task is to end. */
export interface CancelListener {
  /** True when the task runs here, or is in a chunk that does, and so was told. */
  cancel(unique: string, reason: string): boolean;
  /** BullMQ's ids of the tasks that run here. */
  running(): readonly string[];
  /** True while a chunk is here, any of whose tasks may be meant. */
  hasChunks(): boolean;
}

/** What hearing of cancellations needs. */
export interface CancellationsOptions {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  readonly report: (error: unknown) => void;
  /** What it hears with; closed by who made it. @default a connection of its own */
  readonly channels?: Channels | undefined;
}

/**
 * Hears of tasks that are to end, for all queues of one worker. A message that is lost costs a few seconds: the
 * wish is kept in Redis, too, and looked up with every heartbeat and before a task is started again.
 */
export class Cancellations {
  readonly #options: CancellationsOptions;
  readonly #listeners = new Map<string, CancelListener>();
  readonly #early = new Set<string>();
  /** Queues whose channel Redis refused to tell: asked for again with the next heartbeat. */
  readonly #refused = new Set<string>();
  readonly #channels: Channels;

  constructor(options: CancellationsOptions) {
    this.#options = options;
    this.#channels = options.channels ?? new Channels(options);
    this.#channels.onGap(() => void this.check().catch(options.report));
  }

  /** Tells `listener` of the tasks of a queue. Resolves when it hears, or when that has to wait for Redis. */
  async listen(queue: string, listener: CancelListener): Promise<void> {
    this.#listeners.set(queue, listener);
    await this.#subscribe(queue);
  }

  /** True when there was a message about a task that was not here yet: {@link Cancellations.find} knows more. */
  isEarly(queue: string, unique: string): boolean {
    return this.#early.size > 0 && this.#early.has(`${queue}:${unique}`);
  }

  /** Why the task is to be cancelled, if it is. Redis has the truth: the same id may have been redriven since. */
  async find(queue: string, unique: string): Promise<string | undefined> {
    this.#early.delete(`${queue}:${unique}`);
    const { redis, prefix } = this.#options;
    return (await redis.hget(queueKey(prefix, queue, 'cancelling'), unique)) ?? undefined;
  }

  /** The task has ended: the wish is fulfilled. */
  forget(queue: string, unique: string): void {
    const { redis, prefix, report } = this.#options;
    redis.hdel(queueKey(prefix, queue, 'cancelling'), unique).catch(report);
  }

  /** Looks for wishes whose message was lost. */
  async check(): Promise<void> {
    const { redis, prefix, report } = this.#options;
    for (const [queue, listener] of this.#listeners) {
      if (this.#refused.has(queue)) void this.#subscribe(queue).catch(report);
      const running = listener.running();
      const hasChunks = listener.hasChunks();
      const key = queueKey(prefix, queue, 'cancelling');
      if ((running.length === 0 && !hasChunks) || (await redis.hlen(key)) === 0) continue;
      if (hasChunks) await this.#goThroughAll(key, listener);
      else await this.#lookFor(running, key, listener);
    }
  }

  async #lookFor(running: readonly string[], key: string, listener: CancelListener): Promise<void> {
    const reasons = await this.#options.redis.hmget(key, ...running);
    running.forEach((unique, index) => {
      const reason = reasons[index];
      if (typeof reason === 'string') listener.cancel(unique, reason);
    });
  }

  /** There are fewer wishes than tasks in chunks. */
  async #goThroughAll(key: string, listener: CancelListener): Promise<void> {
    let cursor = '0';
    do {
      const [next, wishes] = await this.#options.redis.hscan(key, cursor, 'COUNT', SCAN_COUNT);
      for (let at = 0; at < wishes.length; at += 2)
        listener.cancel(wishes[at] ?? '', wishes[at + 1] ?? '');
      cursor = next;
    } while (cursor !== '0');
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    if (!this.#options.channels) await this.#channels.close();
  }

  async #subscribe(queue: string): Promise<void> {
    this.#refused.delete(queue);
    try {
      const channel = cancelChannel(this.#options.prefix, queue);
      await this.#channels.listen(channel, (message) => this.#hear(queue, message));
    } catch (error) {
      this.#refused.add(queue);
      throw error;
    }
  }

  #hear(queue: string, message: string): void {
    const wish = decode(message);
    if (!wish) return;
    const [unique, reason] = wish;
    if (this.#listeners.get(queue)?.cancel(unique, reason)) return;
    const [oldest] = this.#early;
    if (this.#early.size >= MAX_EARLY && oldest !== undefined) this.#early.delete(oldest);
    this.#early.add(`${queue}:${unique}`);
  }
}

function decode(message: string): readonly [unique: string, reason: string] | undefined {
  try {
    const wish: unknown = JSON.parse(message);
    if (!Array.isArray(wish) || wish.length !== 2) return undefined;
    return [String(wish[0]), String(wish[1])];
  } catch {
    // Somebody else's message.
    return undefined;
  }
}
