import { WakeUp } from './wake-up.js';

/** An error in a box: what is thrown may be `undefined`. */
export interface Thrown {
  readonly error: unknown;
}

/**
 * What has ended, on its way to the one who takes it. Adding and taking cost the same however many are under way: a
 * `Promise.race` over all of them would not.
 */
export class Arrivals<T extends object> {
  // Two stacks make a queue: `shift` of a long array moves all that is behind it.
  #added: T[] = [];
  #turned: T[] = [];
  #ending: Partial<Thrown> | undefined;
  readonly #wakeUp = new WakeUp();

  /** After the end nothing more is added. */
  add(arrival: T): void {
    if (this.#ending) return;
    this.#added.push(arrival);
    this.#wakeUp.wake();
  }

  /** No more will come. What is here can still be taken; then comes the end, or the error. Only the first end counts. */
  end(thrown: Partial<Thrown> = {}): void {
    this.#ending ??= thrown;
    this.#wakeUp.wake();
  }

  /** Ends at once: what is here is dropped, and the error comes next. */
  fail(error: unknown): void {
    this.#added = [];
    this.#turned = [];
    this.#ending = { error };
    this.#wakeUp.wake();
  }

  /**
   * The next arrival in the order in which they were added, waited for; `undefined` at the end. One taker at a time.
   *
   * @throws what `end` or `fail` was given
   */
  async take(): Promise<T | undefined> {
    for (;;) {
      const arrival = this.takeHere();
      if (arrival) return arrival;
      if (this.#ending) return over(this.#ending);
      await this.#wakeUp.sleep();
    }
  }

  /** The next arrival, where one is here. */
  takeHere(): T | undefined {
    if (this.#turned.length === 0 && this.#added.length > 0) {
      this.#turned = this.#added.reverse();
      this.#added = [];
    }
    return this.#turned.pop();
  }
}

function over(ending: Partial<Thrown>): undefined {
  if ('error' in ending) throw ending.error;
  return undefined;
}
