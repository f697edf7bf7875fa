/** Lets one party sleep until another wakes it: one promise, however many things may be the reason. */
export class WakeUp {
  #resolve: (() => void) | undefined;

  /** Resolves at the next {@link wake}. Only one party sleeps at a time, and looks again for itself when it is woken. */
  sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Wakes who sleeps; when nobody does, nothing happens. */
  wake(): void {
    this.#resolve?.();
    this.#resolve = undefined;
  }
}
