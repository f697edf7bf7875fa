import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { GoflowError } from '@goflow/shared';
import { oneAtATime } from './one-at-a-time.js';
import { limitServer, SERVER_LIMITS, type ServerLimits } from './server-limits.js';

/** Where a server listens, and who answers there. */
export interface HttpServerOptions {
  /** 0 takes any free one. */
  readonly port: number;
  readonly host: string;
  /** Called for the first request: what answers may take longer to load than all else. */
  readonly load: () => Promise<RequestListener>;
  /** Told once of a load that failed: every request is answered with 500 then. @default nobody is told */
  readonly onLoadFailed?: ((error: unknown) => void) | undefined;
  readonly limits?: ServerLimits | undefined;
}

/** How often connections are closed that have become idle, while it stops. */
const SWEEP_MS = 50;

/** A server with limits, which takes one request of a connection at a time. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  /** Connections that have asked nothing yet: Node does not take them for idle. */
  readonly #silent = new Set<Socket>();
  #app: Promise<RequestListener | undefined> | undefined;
  #isStopping = false;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    const listener = oneAtATime((request, response) => void this.#answer(request, response));
    this.#server = createServer(SERVER_LIMITS, listener).on('checkExpectation', listener);
    this.#server.on('connection', (socket: Socket) => {
      this.#silent.add(socket);
      socket.once('close', () => this.#silent.delete(socket));
    });
    limitServer(this.#server, options.limits);
  }

  /** Where it listens; undefined while it does not. */
  get url(): string | undefined {
    const address = this.#server.address() as AddressInfo | null;
    if (!address) return undefined;
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return `http://${host}:${address.port}`;
  }

  /** @throws PORT_IN_USE */
  start(): Promise<void> {
    const { port, host } = this.#options;
    return new Promise((resolve, reject) => {
      // Rejecting twice does no harm, and a later error must not end the process.
      this.#server.on('error', (cause: NodeJS.ErrnoException) =>
        reject(listenError(cause, host, port)),
      );
      this.#server.listen(port, host, resolve);
    });
  }

  /** Takes nothing new, lets what is being answered end for so many milliseconds, then closes every connection. */
  stop(graceMs = 0): Promise<void> {
    this.#isStopping = true;
    return new Promise((resolve) => {
      const closeAll = (): void => this.#server.closeAllConnections();
      const timer = graceMs > 0 ? setTimeout(closeAll, graceMs) : undefined;
      // What has its answer keeps its connection, and could go on asking: Node closes those only that are idle right now.
      const closeIdle = (): void => this.#server.closeIdleConnections();
      const sweep = setInterval(closeIdle, SWEEP_MS);
      this.#server.close(() => {
        clearTimeout(timer);
        clearInterval(sweep);
        resolve();
      });
      for (const socket of this.#silent) socket.destroy();
      if (timer === undefined) closeAll();
    });
  }

  /** Not before all of a packet was looked at: who is cut off by then costs nothing more. */
  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#silent.delete(request.socket);
    // What comes next on this connection is for another server.
    if (this.#isStopping) response.setHeader('Connection', 'close');
    this.#app ??= this.#load();
    const app = await this.#app;
    if (request.socket.destroyed) return;
    if (app) app(request, response);
    else response.writeHead(500).end();
  }

  async #load(): Promise<RequestListener | undefined> {
    try {
      return await this.#options.load();
    } catch (error) {
      this.#options.onLoadFailed?.(error);
      return undefined;
    }
  }
}

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): Error {
  if (cause.code !== 'EADDRINUSE' && cause.code !== 'EACCES') return cause;
  const why = cause.code === 'EACCES' ? 'is not allowed' : 'is taken';
  return new GoflowError(
    'PORT_IN_USE',
    `${host}:${port} ${why}: choose another port, or 0 for any free one`,
    { cause },
  );
}
