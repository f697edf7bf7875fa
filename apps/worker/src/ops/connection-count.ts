/** More connections than a fleet's probes and scrapers need. */
const MAX_CONNECTIONS = 512;
/** So that a few addresses cannot keep all others out. */
const MAX_OF_ADDRESS = 32;
/** The last ones are for addresses that have none yet, such as a probe. */
const KEPT_FREE = 64;

/** Counts open connections by address, and tells for which one there is room. */
export class ConnectionCount {
  readonly #open = new Map<string, number>();
  #total = 0;

  /** Whether there is room for one more of this address. If so it is counted, until `close`. */
  open(address: string): boolean {
    const own = this.#open.get(address) ?? 0;
    const most = own === 0 ? MAX_CONNECTIONS : MAX_CONNECTIONS - KEPT_FREE;
    if (own >= MAX_OF_ADDRESS || this.#total >= most) return false;
    this.#open.set(address, own + 1);
    this.#total += 1;
    return true;
  }

  /** One that was counted is closed. */
  close(address: string): void {
    const left = (this.#open.get(address) ?? 1) - 1;
    if (left > 0) this.#open.set(address, left);
    else this.#open.delete(address);
    this.#total -= 1;
  }

  /** How many addresses have an open connection. */
  get addresses(): number {
    return this.#open.size;
  }
}
