/** How many wrong tokens one address may show in a minute. A person who mistypes needs fewer; who guesses, more. */
const MAX_WRONG = 20;
const WINDOW_MS = 60_000;
/** Addresses that are remembered; the oldest is forgotten for a new one, so that a flood of addresses takes no memory. */
const MAX_ADDRESSES = 10_000;

interface Window {
  readonly beganAt: number;
  wrong: number;
}

/** Counts wrong tokens by address, in fixed windows of a minute. Times are milliseconds of a clock that never goes back. */
export class WrongTokens {
  readonly #windows = new Map<string, Window>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** How many seconds an address is told to wait before it shows another wrong token; 0 for one that may go on. */
  waitSeconds(address: string): number {
    const window = this.#windows.get(address);
    if (!window || window.wrong < MAX_WRONG) return 0;
    const left = window.beganAt + WINDOW_MS - this.#now();
    if (left > 0) return Math.ceil(left / 1_000);
    this.#windows.delete(address);
    return 0;
  }

  /** One more wrong token from an address. */
  count(address: string): void {
    const now = this.#now();
    const window = this.#windows.get(address);
    if (window && now - window.beganAt < WINDOW_MS) {
      window.wrong += 1;
      return;
    }
    // Set anew at the end: the first one of a Map is the oldest.
    this.#windows.delete(address);
    this.#windows.set(address, { beganAt: now, wrong: 1 });
    if (this.#windows.size <= MAX_ADDRESSES) return;
    const [oldest = ''] = this.#windows.keys();
    this.#windows.delete(oldest);
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#windows.size;
  }
}
