import { GoflowError } from '@goflow/shared';
import type { Response } from 'express';

/** Counts requests that are held open, of one kind, and ends them: when their client goes away, or when the gateway stops. */
export class HeldRequests {
  readonly #most: number;
  readonly #what: string;
  readonly #held = new Set<AbortController>();
  #isOver = false;

  /** @param most how many at once. @param what what they are, for the message: `streams` */
  constructor(most: number, what: string) {
    this.#most = most;
    this.#what = what;
  }

  /** How many are open. */
  get size(): number {
    return this.#held.size;
  }

  get isFull(): boolean {
    return this.#held.size >= this.#most;
  }

  /** Holds a request until its answer is sent or its client is gone; the signal aborts then, or at {@link HeldRequests.endAll}. @throws TOO_MANY_REQUESTS */
  hold(response: Response): AbortSignal {
    if (this.isFull)
      throw new GoflowError('TOO_MANY_REQUESTS', `there are ${this.#most} ${this.#what} already`);
    const leaving = new AbortController();
    this.#held.add(leaving);
    const end = (): void => {
      this.#held.delete(leaving);
      leaving.abort();
    };
    response.once('close', end);
    if (this.#isOver || response.destroyed) end();
    return leaving.signal;
  }

  /** Ends all that are open, and those that come later at once. */
  endAll(): void {
    this.#isOver = true;
    for (const leaving of this.#held) leaving.abort();
  }
}
