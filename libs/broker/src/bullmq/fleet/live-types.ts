import type { Deadline } from '../deadline.js';
import type { Fleet } from './fleet.js';

/** So long an answer is fresh. */
const FRESH_MS = 5_000;

/** A "no" refuses a push, and a worker that has just started changes it: it is asked again much sooner. */
const FRESH_NO_MS = 500;

/** After this long without an answer nothing is known any more. */
const KNOWN_MS = 30_000;

/** What {@link LiveTypes} is made with. */
export interface LiveTypesOptions {
  readonly fleet: Fleet;
  /** Bounds every question: `Deadline.within`. */
  readonly within: Deadline['within'];
}

interface Answer {
  readonly types: ReadonlySet<string>;
  /** On the monotonic clock. */
  readonly askedAt: number;
}

/**
 * What a client knows of the types that live workers have handlers for. It asks only when it is asked itself, one question at a time.
 */
export class LiveTypes {
  readonly #options: LiveTypesOptions;
  #answer: Answer | undefined;
  #asking: Promise<Answer> | undefined;
  #lastAskedAt = Number.NEGATIVE_INFINITY;

  constructor(options: LiveTypesOptions) {
    this.#options = options;
  }

  /**
   * Whether a live worker has a handler for the type, from the last answer; `undefined` when there is none yet, or none of the last
   * 30 s. Asks anew in the background, at most every 5 s; trouble on the way is passed over.
   */
  known(type: string): boolean | undefined {
    const now = performance.now();
    if (now - this.#lastAskedAt >= FRESH_MS) this.#ask().catch(() => undefined);
    if (!this.#answer || now - this.#answer.askedAt > KNOWN_MS) return undefined;
    return this.#answer.types.has(type);
  }

  /**
   * Whether a live worker has a handler for the type. A yes is at most 5 s old, a no half a second.
   *
   * @throws BROKER_UNAVAILABLE, BROKER_REFUSED, CLIENT_CLOSED
   */
  async fresh(type: string): Promise<boolean> {
    const known = this.#answer;
    if (known) {
      const ageMs = performance.now() - known.askedAt;
      const has = known.types.has(type);
      if (ageMs < (has ? FRESH_MS : FRESH_NO_MS)) return has;
    }
    const { types } = await this.#ask();
    return types.has(type);
  }

  /** One question for all who ask at the same time. */
  #ask(): Promise<Answer> {
    this.#asking ??= this.#question().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #question(): Promise<Answer> {
    const askedAt = performance.now();
    this.#lastAskedAt = askedAt;
    const { fleet, within } = this.#options;
    const types = await within(() => fleet.liveTypes());
    this.#answer = { types, askedAt };
    return this.#answer;
  }
}
