import type { ConcurrencyRule } from '@goflow/shared';
import type { Channels } from '../channels.js';

/** Messages that come within this time are answered by one reading. */
const GATHER_MS = 100;

/** With the answer, and the reading after it, less than a second. */
const GLANCE_MS = 750;

/** The rules, and the mark of what they are a state of. */
export interface ReadRules {
  readonly rules: readonly ConcurrencyRule[];
  readonly version: string;
}

/** What {@link RuleWatch} is made with. */
export interface RuleWatchOptions {
  readonly read: () => Promise<ReadRules>;
  readonly channels: Pick<Channels, 'listen' | 'onGap'>;
  readonly channel: string;
  /**
   * Tells their version alone; asked for all the time where messages get lost and nobody notices. In a Redis Cluster they do: the node of a
   * subscriber may hang or die, and ioredis goes on with another one without a word. @default messages are relied on
   */
  readonly glance?: (() => Promise<string>) | undefined;
  readonly report: (error: unknown) => void;
}

/**
 * Follows the rules of the fleet: reads them at once, and again when a message says that they have changed, when messages may have been lost,
 * and when {@link RuleWatch.look}, or a glance, is told of another version. What cannot be read leaves those of before in force.
 */
export class RuleWatch {
  readonly #options: RuleWatchOptions;
  readonly #listeners: ((rules: readonly ConcurrencyRule[]) => void)[] = [];
  #known: string | undefined;
  #version: string | undefined;
  #gathering: NodeJS.Timeout | undefined;
  #glancing: NodeJS.Timeout | undefined;
  #isClosed = false;
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
    this.#glanceLater();
  }

  /** Resolves when the rules were read for the first time, or could not be. Never rejects; at once where nobody watches. */
  ready(): Promise<void> {
    return this.#first ?? Promise.resolve();
  }

  /** Reads them again when they are of another version than this, as after a lost message; without one in any case. */
  async look(version?: string): Promise<void> {
    if (!this.#first) return;
    if (!this.#hears) void this.#listen();
    // What a message told of is about to be read.
    const isOther = version === undefined || version !== this.#version;
    if (isOther && !this.#gathering) await this.#read();
  }

  /** Reads no more. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#gathering);
    clearTimeout(this.#glancing);
  }

  /** One at a time: a Redis that does not answer is asked no second time. */
  #glanceLater(): void {
    const { glance } = this.#options;
    if (!glance || this.#isClosed) return;
    this.#glancing = setTimeout(() => {
      void glance()
        .then((version) => (this.#isClosed ? undefined : this.look(version)))
        // The beats of the worker tell that Redis is away.
        .catch(() => undefined)
        .then(() => this.#glanceLater());
    }, GLANCE_MS);
    this.#glancing.unref();
  }

  #gather(): void {
    if (this.#isClosed) return;
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      void this.#read();
    }, GATHER_MS);
    this.#gathering.unref();
  }

  async #listen(): Promise<void> {
    const { channels, channel, report } = this.#options;
    this.#hears = true;
    try {
      await channels.listen(channel, () => this.#gather());
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
        const { rules, version } = await this.#options.read();
        this.#version = version;
        this.#tell(rules);
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
