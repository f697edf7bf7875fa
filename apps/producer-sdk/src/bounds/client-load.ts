import { MAX_BYTES_UNDER_WAY } from '@goflow/broker';
import { GoflowError } from '@goflow/shared';

/**
 * How much a client has under way. A program that pushes without awaiting, faster than Redis takes it, would otherwise fill the memory of
 * its process until it is killed. Two numbers that go up and down: it costs a push nothing.
 */
export class ClientLoad {
  readonly #maxPending: number;
  readonly #maxBytes = MAX_BYTES_UNDER_WAY;
  #pending = 0;
  #bytes = 0;

  constructor(maxPending: number) {
    this.#maxPending = maxPending;
  }

  /** @param count pushes that begin: to be ended with {@link ClientLoad.end}. @throws CLIENT_OVERLOADED */
  begin(count: number): void {
    const isFull = this.#pending > 0 && this.#pending + count > this.#maxPending;
    if (isFull || this.#bytes >= this.#maxBytes) throw this.#overloaded();
    this.#pending += count;
  }

  end(count: number): void {
    this.#pending -= count;
  }

  /** For how many pushes a `pushMany` counts: it may be larger than all that is allowed, and leaves others their half. */
  countOfMany(count: number): number {
    return Math.min(count, Math.ceil(this.#maxPending / 2));
  }

  /** Payloads are held until {@link ClientLoad.release} of the same number, which it returns. */
  hold(bytes: number): number {
    const counted = Math.min(bytes, this.#maxBytes / 2);
    this.#bytes += counted;
    return counted;
  }

  release(counted: number): void {
    this.#bytes -= counted;
  }

  #overloaded(): GoflowError {
    const [pending, bytes] = [this.#pending, Math.round(this.#bytes)];
    return new GoflowError(
      'CLIENT_OVERLOADED',
      `${pending} pushes with ${bytes} bytes of payloads are under way; nothing was sent`,
      { details: { pending, maxPending: this.#maxPending, bytes, sent: false } },
    );
  }
}
