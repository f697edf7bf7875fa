/** True for the requests that a fault is for. `args` are a command and its arguments (latin1), such as `['GET', 'key']`. */
export type RequestMatch = (args: readonly string[]) => boolean;

/** Up is from the client to the server. */
export type FaultDirection = 'up' | 'down' | 'both';

/** What happens to one request or to its reply. */
export type RequestFate = 'pass' | 'stall' | 'dropRequest' | 'dropReply' | 'truncateReply';

type OneOffFate = Exclude<RequestFate, 'pass' | 'stall'>;

interface OneOff {
  readonly fate: OneOffFate;
  readonly match: RequestMatch;
  left: number;
}

/** The faults of a proxy that hold now. */
export class Faults {
  latencyMs = 0;
  jitterMs = 0;
  bytesPerSecond = Number.POSITIVE_INFINITY;
  splitting = false;
  /** Swallowed are bytes from clients to the server (up), from the server to clients (down). */
  blackholed = { up: false, down: false };
  refusing = false;
  silent = false;
  readonly random: () => number;
  #oneOffs: OneOff[] = [];
  #stalls: RequestMatch[] = [];

  constructor(random: () => number) {
    this.random = random;
  }

  /** How long the next bytes travel, in ms. */
  nextDelayMs(): number {
    return this.jitterMs === 0 ? this.latencyMs : this.latencyMs + this.random() * this.jitterMs;
  }

  /** Arms a one-off fault for the next `n` requests that match. */
  arm(fate: OneOffFate, match: RequestMatch, n: number): void {
    this.#oneOffs.push({ fate, match, left: n });
  }

  /** Dead from now on is every connection on which a matching request comes. */
  stall(match: RequestMatch): void {
    this.#stalls.push(match);
  }

  /** What happens to this request; a one-off fault is used up by it. `repliesKnown`: replies can be told apart. */
  fateOf(args: readonly string[], repliesKnown: boolean): RequestFate {
    if (this.#stalls.some((match) => match(args))) return 'stall';
    const found = this.#oneOffs.find(
      ({ fate, match }) => (repliesKnown || fate === 'dropRequest') && match(args),
    );
    if (found === undefined) return 'pass';
    found.left -= 1;
    if (found.left === 0) this.#oneOffs = this.#oneOffs.filter((oneOff) => oneOff !== found);
    return found.fate;
  }

  /** Ends them all. */
  heal(): void {
    this.latencyMs = 0;
    this.jitterMs = 0;
    this.bytesPerSecond = Number.POSITIVE_INFINITY;
    this.splitting = false;
    this.blackholed = { up: false, down: false };
    this.refusing = false;
    this.silent = false;
    this.#oneOffs = [];
    this.#stalls = [];
  }
}
