import {
  answerErrors,
  answerWithin,
  createPermission,
  type Routes,
  refuseMalformed,
  refuseOtherSites,
  serve,
  shareAnswer,
} from '@goflow/http';
import { GoflowError } from '@goflow/shared';
import type { WorkerMetrics } from '@goflow/telemetry';
import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import type { Worker } from '../worker.js';
import { callerOf } from './caller.js';
import { concurrencyRoutes } from './concurrency-routes.js';
import type { ResolvedHttpOptions } from './http-options.js';

/** Whom it speaks for. */
export interface HttpAppDeps {
  readonly worker: Worker;
  readonly metrics: WorkerMetrics;
}

const PATHS =
  'GET /livez, /readyz, /metrics, /concurrency, /herd; PATCH /concurrency, /herd; DELETE /concurrency';

/** What answers the requests to a worker. The order is the point: limits, what is open to all, permission, then the rest. */
export function createHttpApp(
  options: ResolvedHttpOptions,
  { worker, metrics }: HttpAppDeps,
): Express {
  const app = express().disable('x-powered-by').disable('etag');
  app.enable('case sensitive routing').enable('strict routing');
  app.use(refuseMalformed, answerWithin());
  serve(app, probes(worker));
  app.use(helmet(), refuseOtherSites);
  const permission = createPermission({
    ladder: ['read', 'control'],
    tokens: [
      { role: 'control', tokens: options.tokens },
      { role: 'read', tokens: options.readTokens },
    ],
  });
  const metricsRoute = { '/metrics': { GET: showMetrics(metrics) } };
  if (isMetricsOpen(options)) serve(app, metricsRoute);
  app.use(permission('read'));
  serve(app, metricsRoute);
  const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD';
  const control = permission('control');
  app.use((request, response, next) =>
    isRead(request.method) ? next() : control(request, response, next),
  );
  serve(app, concurrencyRoutes(worker, callerOf(options)));
  app.use((request) => {
    throw new GoflowError(
      'NOT_FOUND',
      `there is no ${request.method} ${request.path.slice(0, 100)}; there are ${PATHS}`,
    );
  });
  app.use(answerErrors);
  return app;
}

/** Prometheus needs no token that changes something, so it needs none unless there is one for reading. */
function isMetricsOpen({ tokens, readTokens }: ResolvedHttpOptions): boolean {
  return tokens.length > 0 && readTokens.length === 0;
}

/** Open to all: what starts and stops containers has no token. They say nothing but whether. */
function probes(worker: Worker): Routes {
  const livez: RequestHandler = (_request, response) => {
    const { live, reason } = worker.liveness();
    response.status(live ? 200 : 503).json({ status: live ? 'live' : 'not live', reason });
  };
  return { '/livez': { GET: livez }, '/readyz': { GET: readyz(worker) } };
}

function showMetrics(metrics: WorkerMetrics): RequestHandler {
  const text = shareAnswer(() => metrics.text());
  return async (_request, response) => {
    response.type(metrics.contentType).send(await text());
  };
}

function readyz(worker: Worker): RequestHandler {
  const askRedis = shareAnswer(() => worker.readiness());
  return async (_request, response) => {
    // That it stops is told at once, and Redis is not asked for it.
    const readiness = await (worker.state === 'running' ? askRedis() : worker.readiness());
    response
      .status(readiness.ready ? 200 : 503)
      .json({ status: readiness.ready ? 'ready' : 'not ready', ...readiness });
  };
}
