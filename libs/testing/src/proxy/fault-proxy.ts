import { createServer, type Server, type Socket } from 'node:net';
import { freePort } from '../machine/free-port.js';
import { type FaultDirection, Faults, type RequestMatch } from './faults.js';
import { Link, type LinkEvents } from './link.js';
import { resetSocket } from './reset-socket.js';

/** How {@link FaultProxy.start} starts. */
export interface FaultProxyOptions {
  /** The port on 127.0.0.1 that all connections lead to. */
  readonly targetPort: number;
  /** Where it listens, on 127.0.0.1. @default a free port */
  readonly port?: number | undefined;
  /** From 0 up to 1, for jitter. @default Math.random */
  readonly random?: (() => number) | undefined;
}

/** What a proxy has done since its start. */
export interface FaultCounters {
  /** Connections. */
  readonly accepted: number;
  /** Connections that it reset: by cutAll, refuse and the one-off faults. */
  readonly cut: number;
  /** Bytes passed on from clients to the server. */
  readonly bytesUp: number;
  /** Bytes passed on from the server to clients. */
  readonly bytesDown: number;
  /** Requests and replies that the one-off faults took away or cut short. */
  readonly dropped: number;
}

/** Several proxies start at once, and may choose the same port. */
const PORT_ATTEMPTS = 5;

/**
 * A TCP proxy in front of one server on 127.0.0.1 that is a bad network on demand. Faults hold until {@link heal}; several may hold at
 * once. It knows the requests and replies of Redis (RESP2 and RESP3): the faults that are for some requests need that, and do nothing on
 * connections that speak otherwise (TLS). A connection holds in memory one unfinished request and about 256 KB each way.
 */
export class FaultProxy implements AsyncDisposable {
  /** Where it listens, on 127.0.0.1. */
  readonly port: number;
  readonly #targetPort: number;
  readonly #server: Server;
  readonly #faults: Faults;
  readonly #links = new Set<Link>();
  /** Accepted and never answered. */
  readonly #silent = new Set<Socket>();
  readonly #counters = { accepted: 0, cut: 0, bytesUp: 0, bytesDown: 0, dropped: 0 };

  private constructor(port: number, targetPort: number, random: () => number) {
    this.port = port;
    this.#targetPort = targetPort;
    this.#faults = new Faults(random);
    this.#server = createServer({ noDelay: true }, (client) => this.#accept(client));
  }

  /**
   * Starts one. The target need not run yet: a connection that it does not take is reset.
   *
   * @throws Error when the port is in use.
   */
  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    for (let attempt = 1; ; attempt += 1) {
      const port = options.port ?? (await freePort());
      const proxy = new FaultProxy(port, options.targetPort, options.random ?? Math.random);
      try {
        await proxy.#listen();
        return proxy;
      } catch (error) {
        if (options.port !== undefined || attempt === PORT_ATTEMPTS) throw error;
      }
    }
  }

  /** The URL of the target, with the proxy's port in place of its own. */
  url(ofTarget: string): string {
    const url = new URL(ofTarget);
    url.port = `${this.port}`;
    return url.href;
  }

  /** Client connections that are open now. */
  get connections(): number {
    let open = this.#silent.size;
    for (const link of this.#links) if (link.isOpen) open += 1;
    return open;
  }

  get counters(): FaultCounters {
    return { ...this.#counters };
  }

  /** Each way, until {@link heal}: `ms` plus up to `jitterMs`. Bytes keep their order. A round trip takes twice that. */
  setLatency(ms: number, jitterMs = 0): void {
    atLeast(0, { ms, jitterMs });
    this.#faults.latencyMs = ms;
    this.#faults.jitterMs = jitterMs;
  }

  /** The most that one connection carries each way, until {@link heal}. From 1. */
  setThrottle(bytesPerSecond: number): void {
    atLeast(1, { bytesPerSecond });
    this.#faults.bytesPerSecond = bytesPerSecond;
  }

  /** Every byte is written by itself, until {@link heal}. */
  splitBytes(): void {
    this.#faults.splitting = true;
  }

  /**
   * A half-open network, until {@link heal}: bytes are swallowed and sockets stay open; that one side has closed is not told to the
   * other. New connections are accepted, and reach the server only when nothing but `down` is swallowed. A connection that lost
   * bytes carries nothing after {@link heal} either.
   */
  blackhole(direction: FaultDirection): void {
    if (direction !== 'down') this.#faults.blackholed.up = true;
    if (direction !== 'up') this.#faults.blackholed.down = true;
  }

  /** New connections are reset at once, until {@link heal}. */
  refuse(): void {
    this.#faults.refusing = true;
  }

  /** New connections are accepted and never answered, until {@link heal}; these stay silent after it. */
  acceptThenSilent(): void {
    this.#faults.silent = true;
  }

  /** Resets all connections that are open. */
  cutAll(): void {
    this.#counters.cut += this.connections;
    for (const link of this.#links) link.reset();
    for (const socket of this.#silent) resetSocket(socket);
  }

  /**
   * The next `n` requests that match reach the server; instead of their reply the client sees the connection reset. Requests that
   * subscribe or monitor do not match, nor does what comes after them on their connection.
   */
  dropReplyAfter(match: RequestMatch, n = 1): void {
    this.#faults.arm('dropReply', match, n);
  }

  /** The next `n` requests that match do not reach the server; the connection is reset. */
  dropRequest(match: RequestMatch, n = 1): void {
    this.#faults.arm('dropRequest', match, n);
  }

  /** As {@link dropReplyAfter}, with the first half of the reply (or of its first packet) delivered. */
  truncateReply(match: RequestMatch, n = 1): void {
    this.#faults.arm('truncateReply', match, n);
  }

  /**
   * Until {@link heal}, a request that matches is held back for ever, with all that follows it on its connection; other connections
   * pass. Such a connection carries nothing after {@link heal} either.
   */
  stall(match: RequestMatch): void {
    this.#faults.stall(match);
  }

  /** Ends all faults, those that are armed too. Connections that lost bytes stay dead until one side closes them. */
  heal(): void {
    this.#faults.heal();
    for (const link of this.#links) link.heal();
  }

  /** Closes it and all its connections. Safe to call twice. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const link of this.#links) link.reset();
    for (const socket of this.#silent) resetSocket(socket);
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.port, '127.0.0.1', resolve);
    });
  }

  #accept(client: Socket): void {
    this.#counters.accepted += 1;
    if (this.#faults.refusing) {
      this.#counters.cut += 1;
      client.on('error', () => undefined);
      resetSocket(client);
    } else if (this.#faults.silent || this.#faults.blackholed.up) this.#ignore(client);
    else this.#link(client);
  }

  #ignore(client: Socket): void {
    this.#silent.add(client);
    client.on('error', () => undefined);
    client.once('close', () => this.#silent.delete(client));
    client.resume();
  }

  #link(client: Socket): void {
    const counters = this.#counters;
    const events: LinkEvents = {
      written: (way, bytes) => {
        counters[way === 'up' ? 'bytesUp' : 'bytesDown'] += bytes;
      },
      dropped: () => {
        counters.dropped += 1;
      },
      cut: () => {
        counters.cut += 1;
      },
      closed: () => this.#links.delete(link),
    };
    const link = new Link({ client, targetPort: this.#targetPort, faults: this.#faults, events });
    this.#links.add(link);
  }
}

/** @throws RangeError naming the first that is less. */
function atLeast(least: number, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    if (!(value >= least)) throw new RangeError(`${name} must be ${least} or more: ${value}`);
}
