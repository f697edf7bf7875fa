import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { GoflowError } from '@goflow/shared';
import type { HttpAppDeps } from './http-app.js';
import type { ResolvedHttpOptions } from './http-options.js';
import { oneAtATime } from './one-at-a-time.js';
import { limitServer, SERVER_LIMITS } from './server-limits.js';

/**
 * The worker's HTTP face: health and metrics for all, concurrency for those who may. What answers is loaded for the first request:
 * it takes longer to load than a worker needs to connect and to take its first task.
 */
export class HttpServer {
  readonly #options: ResolvedHttpOptions;
  readonly #deps: HttpAppDeps;
  readonly #server: Server;
  #app: Promise<RequestListener> | undefined;

  constructor(options: ResolvedHttpOptions, deps: HttpAppDeps) {
    this.#options = options;
    this.#deps = deps;
    const listener = oneAtATime((request, response) => void this.#answer(request, response));
    this.#server = createServer(SERVER_LIMITS, listener).on('checkExpectation', listener);
    limitServer(this.#server);
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

  /** Ends at once: what is served here can be asked again elsewhere. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  /** Not before all of a packet was looked at: who is cut off by then costs nothing more. */
  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#app ??= this.#load();
    const app = await this.#app.catch(() => undefined);
    if (request.socket.destroyed) return;
    if (app) app(request, response);
    else response.writeHead(500).end();
  }

  async #load(): Promise<RequestListener> {
    const { createHttpApp } = await import('./http-app.js');
    return createHttpApp(this.#options, this.#deps);
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
