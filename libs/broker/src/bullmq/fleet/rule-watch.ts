import type { ConcurrencyRule } from '@goflow/shared';
import type { Channels } from '../channels.js';

/** What {@link RuleWatch} is made with. */
export interface RuleWatchOptions {
  readonly read: () => Promise<readonly ConcurrencyRule[]>;
  readonly channels: Pick<Channels, 'listen' | 'onGap'>;
  readonly channel: string;
  readonly report: (error: unknown) => void;
}

/**
 * Follows the rules of the fleet: reads them at once, and again when a message says that they have changed, when messages may have been lost,
 * and whenever {@link RuleWatch.look} is called. What cannot be read leaves those of before in force.
 */
export class RuleWatch {
  readonly #options: RuleWatchOptions;
  readonly #listeners: ((rules: readonly ConcurrencyRule[]) => void)[] = [];
  #known: string | undefined;
  #rules: readonly ConcurrencyRule[] = [];
  #reading: Promise<void> | undefined;
  #isStale = false;
  #hears = false;
  #first: Promise<void> | undefined;

  constructor(options: RuleWatchOptions) {
    this.#options = options;
  }

  /** Tells `listener` the rules when they are read, and whenever they have changed. */
  watch(listener: (rules: readonly ConcurrencyRule[]) => void): void {
    this.#listeners.push(listener);
    if (this.#known !== undefined) listener(this.#rules);
    if (this.#first) return;
    this.#options.channels.onGap(() => void this.#read());
    void this.#listen();
    this.#first = this.#read();
  }

  /** Resolves when the rules were read for the first time, or could not be. Never rejects; at once where nobody watches. */
  ready(): Promise<void> {
    return this.#first ?? Promise.resolve();
  }

  /** Reads them again, in case a message was lost. */
  async look(): Promise<void> {
    if (!this.#first) return;
    if (!this.#hears) void this.#listen();
    await this.#read();
  }

  async #listen(): Promise<void> {
    const { channels, channel, report } = this.#options;
    this.#hears = true;
    try {
      await channels.listen(channel, () => void this.#read());
    } catch (error) {
      // Refused: asked for again with the next look.
      this.#hears = false;
      report(error);
      return;
    }
    // They may have changed between the first reading and now.
    await this.#read();
  }

  /** One question at a time; what changes while one is on its way is read by another after it. */
  #read(): Promise<void> {
    this.#isStale = true;
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readAll(): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false;
      try {
        this.#tell(await this.#options.read());
      } catch (error) {
        this.#options.report(error);
        return;
      }
    }
  }

  #tell(rules: readonly ConcurrencyRule[]): void {
    const text = JSON.stringify(rules);
    if (text === this.#known) return;
    this.#known = text;
    this.#rules = rules;
    for (const listener of this.#listeners) listener(rules);
  }
}
