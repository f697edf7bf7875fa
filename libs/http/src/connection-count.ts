/** How many connections are open at once at most. */
export interface ConnectionLimits {
  readonly all: number;
  /** So that a few addresses cannot keep all others out. */
  readonly ofAddress: number;
  /** The last ones are for addresses that have none yet, such as a probe. */
  readonly keptFree: number;
}

/** More than a fleet's probes and scrapers need. */
const OF_PROBES: ConnectionLimits = { all: 512, ofAddress: 32, keptFree: 64 };

/** Counts open connections by address, and tells for which one there is room. */
export class ConnectionCount {
  readonly #limits: ConnectionLimits;
  readonly #open = new Map<string, number>();
  #total = 0;

  constructor(limits: ConnectionLimits = OF_PROBES) {
    this.#limits = limits;
  }

  /** Whether there is room for one more of this address. If so it is counted, until `close`. */
  open(address: string): boolean {
    const own = this.#open.get(address) ?? 0;
    const { all, ofAddress, keptFree } = this.#limits;
    const most = own === 0 ? all : all - keptFree;
    if (own >= ofAddress || this.#total >= most) return false;
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
