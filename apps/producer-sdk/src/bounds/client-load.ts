import { MAX_BYTES_UNDER_WAY } from '@goflow/broker';
import { GoflowError } from '@goflow/shared';

/**
 * How many pushes may wait of which there is no JSON yet, in middleware or in an asynchronous schema: what they hold in memory is not known.
 * Fewer than all that may be under way.
 */
const MAX_UNSEALED = 10_000;

/**
 * How much a client has under way. A program that pushes without awaiting, faster than Redis takes it, would otherwise fill the memory of
 * its process until it is killed. A few numbers that go up and down: it costs a push nothing.
 */
export class ClientLoad {
  readonly #maxPending: number;
  readonly #maxBytes = MAX_BYTES_UNDER_WAY;
  #pending = 0;
  #unsealed = 0;
  #bytes = 0;

  constructor(maxPending: number) {
    this.#maxPending = maxPending;
  }

  /** @param count pushes that begin: to be ended with {@link ClientLoad.end}. @throws CLIENT_OVERLOADED */
  begin(count: number): void {
    const isFull = this.#pending > 0 && this.#pending + count > this.#maxPending;
    if (isFull) throw this.#overloaded();
    this.checkBytes();
    this.#pending += count;
  }

  end(count: number): void {
    this.#pending -= count;
  }

  /** For how many pushes a `pushMany` counts: it may be larger than all that is allowed, and leaves others their half. */
  countOfMany(count: number): number {
    return Math.min(count, Math.ceil(this.#maxPending / 2));
  }

  /** For a push that waited since it began, before its payload becomes JSON. @throws CLIENT_OVERLOADED */
  checkBytes(): void {
    if (this.#bytes >= this.#maxBytes) throw this.#overloaded();
  }

  /**
   * Counts pushes of which there is no JSON yet: at most 10,000, half of that for a `pushMany`.
   *
   * @returns ends that; again does no harm
   * @throws CLIENT_OVERLOADED
   */
  unsealed(count: number): () => void {
    let counted = Math.min(count, MAX_UNSEALED / 2);
    if (this.#unsealed > 0 && this.#unsealed + counted > MAX_UNSEALED) throw this.#overloaded();
    this.#unsealed += counted;
    return () => {
      this.#unsealed -= counted;
      counted = 0;
    };
  }

  /** The same for one whose JSON is promised. */
  async untilSealed(sealing: Promise<string>): Promise<string> {
    // Where it is refused here nobody asks for it any more.
    sealing.catch(() => undefined);
    const end = this.unsealed(1);
    try {
      return await sealing;
    } finally {
      end();
    }
  }

  /** Payloads are held until {@link ClientLoad.release} of the same number, which it returns. */
  hold(bytes: number): number {
    const counted = Math.min(bytes, this.#maxBytes / 2);
    this.#bytes += counted;
    return counted;
  }

  /**
   * Holds more for a `pushMany`, of which `counted` is held already: that is no reason to refuse it.
   *
   * @returns what is held for it now
   * @throws CLIENT_OVERLOADED
   */
  holdMore(counted: number, bytes: number): number {
    if (this.#bytes - counted >= this.#maxBytes) throw this.#overloaded();
    const all = Math.min(counted + bytes, this.#maxBytes / 2);
    this.#bytes += all - counted;
    return all;
  }

  release(counted: number): void {
    this.#bytes -= counted;
  }

  #overloaded(): GoflowError {
    const [pending, unsealed, bytes] = [this.#pending, this.#unsealed, Math.round(this.#bytes)];
    return new GoflowError(
      'CLIENT_OVERLOADED',
      `${pending} pushes with ${bytes} bytes of payloads are under way, ${unsealed} of them not yet JSON; nothing was sent`,
      { details: { pending, maxPending: this.#maxPending, unsealed, bytes, sent: false } },
    );
  }
}
