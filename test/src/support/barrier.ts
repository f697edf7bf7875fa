/** Where handlers stop until they are let go: what runs at once can be counted, and nothing depends on time. */
export class Barrier {
  readonly #waiting: (() => void)[] = [];
  #isOpen = false;
  /** How many have come, in all. */
  arrived = 0;

  /** How many stand here now. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** For handlers: resolves when they are let go. */
  pass(): Promise<void> {
    this.arrived += 1;
    if (this.#isOpen) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Lets the first `count` go that stand here. */
  letGo(count: number): void {
    for (const go of this.#waiting.splice(0, count)) go();
  }

  /** Lets all go, and all that come later. */
  open(): void {
    this.#isOpen = true;
    this.letGo(this.#waiting.length);
  }
}
