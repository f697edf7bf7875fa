import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GoflowError } from '@goflow/shared';
import type { WorkerMetrics } from '@goflow/telemetry';
import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { Worker } from '../worker.js';
import { concurrencyRoutes } from './concurrency-routes.js';
import { requirePermission } from './guards.js';
import type { ResolvedHttpOptions } from './http-options.js';
import { answerErrors } from './problem.js';

/** Whom the server speaks for. */
export interface HttpServerDeps {
  readonly worker: Worker;
  readonly metrics: WorkerMetrics;
}

/** Who sends a request too slowly is cut off. Node looks for them only every 30 s unless told otherwise. */
const TIMEOUTS = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
};
/** Bodies are a number in braces. */
const BODY_LIMIT = '16kb';
const PATHS = 'GET /livez, /readyz, /metrics, /concurrency, /herd; PATCH /concurrency, /herd';

/** The worker's HTTP face: health and metrics for all, concurrency for those who may. */
export class HttpServer {
  readonly #options: ResolvedHttpOptions;
  readonly #server: Server;

  constructor(options: ResolvedHttpOptions, deps: HttpServerDeps) {
    this.#options = options;
    this.#server = createServer(TIMEOUTS, createApp(options, deps));
    this.#server.maxRequestsPerSocket = 1_000;
    this.#server.maxConnections = 512;
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

function createApp(options: ResolvedHttpOptions, { worker, metrics }: HttpServerDeps): Express {
  const app = express().disable('x-powered-by').disable('etag');
  app.use(helmet());
  app.get('/livez', (_request, response) => {
    response.json({ status: 'live' });
  });
  app.get('/readyz', readyz(worker));
  app.get('/metrics', async (_request, response) => {
    response.type(metrics.contentType).send(await metrics.text());
  });
  app.use(requirePermission(options));
  // Any content type: Gofherd's own example sends JSON as a form, which is what curl -d does.
  app.use(express.json({ limit: BODY_LIMIT, strict: false, type: () => true, inflate: false }));
  app.use(concurrencyRoutes(worker));
  app.use((request) => {
    throw new GoflowError(
      'NOT_FOUND',
      `there is no ${request.method} ${request.path.slice(0, 100)}; there are ${PATHS}`,
    );
  });
  app.use(answerErrors);
  return app;
}

function readyz(worker: Worker): RequestHandler {
  return async (_request, response) => {
    const readiness = await worker.readiness();
    response
      .status(readiness.ready ? 200 : 503)
      .json({ status: readiness.ready ? 'ready' : 'not ready', ...readiness });
  };
}
