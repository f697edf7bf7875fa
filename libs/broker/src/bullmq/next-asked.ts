/**
 * Which completions on their way ask for the next job, too. A worker that wants one for a free slot need not ask again while such an
 * answer is to come: none there is the answer for both.
 */
export class NextAsked {
  #asking = 0;
  #waiting: ((isEmpty: boolean) => void)[] = [];

  /** A completion that asks is sent. */
  ask(): void {
    this.#asking += 1;
  }

  /** Its answer came, or it failed. `isEmpty`: no job is there to be taken. */
  answer(isEmpty: boolean): void {
    this.#asking -= 1;
    if (this.#waiting.length === 0) return;
    for (const resolve of this.#waiting) resolve(isEmpty);
    this.#waiting = [];
  }

  /** Whether the next of those answers says that no job is there; at once false when there is none to come. */
  async isEmpty(): Promise<boolean> {
    if (this.#asking === 0) return false;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
