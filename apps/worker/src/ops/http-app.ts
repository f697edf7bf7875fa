import { GoflowError } from '@goflow/shared';
import type { WorkerMetrics } from '@goflow/telemetry';
import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { Worker } from '../worker.js';
import { concurrencyRoutes } from './concurrency-routes.js';
import { requirePermission } from './guards.js';
import type { ResolvedHttpOptions } from './http-options.js';
import { answerErrors } from './problem.js';

/** Whom it speaks for. */
export interface HttpAppDeps {
  readonly worker: Worker;
  readonly metrics: WorkerMetrics;
}

/** Bodies are a number in braces. */
const BODY_LIMIT = '16kb';
const PATHS = 'GET /livez, /readyz, /metrics, /concurrency, /herd; PATCH /concurrency, /herd';

/** What answers the requests to a worker. */
export function createHttpApp(
  options: ResolvedHttpOptions,
  { worker, metrics }: HttpAppDeps,
): Express {
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
