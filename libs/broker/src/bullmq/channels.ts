import type { Cluster, Redis } from 'ioredis';
import { Subscriber } from './subscriber.js';

/** What {@link Channels} are made with. */
export interface ChannelsOptions {
  /** The pattern for their own connection. */
  readonly redis: Redis | Cluster;
  readonly report: (error: unknown) => void;
}

/** All channels that one worker hears, over one connection, which is opened for the first of them. */
export class Channels {
  readonly #options: ChannelsOptions;
  readonly #heard = new Map<string, (message: string) => void>();
  readonly #gaps: (() => void)[] = [];
  #subscriber: Subscriber | undefined;
  #isClosed = false;

  constructor(options: ChannelsOptions) {
    this.#options = options;
  }

  /** Resolves when it hears; waits for Redis as long as it takes. Rejects with what Redis refuses it for: it is to be asked again. */
  async listen(channel: string, heard: (message: string) => void): Promise<void> {
    if (this.#isClosed) return;
    this.#heard.set(channel, heard);
    await this.#connect().subscribe(channel);
  }

  /** Calls `listener` whenever the connection was away and hears again: what was published meanwhile is lost. */
  onGap(listener: () => void): void {
    this.#gaps.push(listener);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#subscriber?.close();
  }

  #connect(): Subscriber {
    const { redis, report } = this.#options;
    this.#subscriber ??= new Subscriber({
      redis,
      report,
      heard: (channel, message) => this.#heard.get(channel)?.(message),
      gap: () => {
        for (const listener of this.#gaps) listener();
      },
    });
    return this.#subscriber;
  }
}
