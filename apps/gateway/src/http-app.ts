import { setTimeout as delay } from 'node:timers/promises';
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
import { createClientMetrics } from '@goflow/sdk/metrics';
import { GoflowError } from '@goflow/shared';
import { createGatewayMetrics, type GatewayMetrics } from '@goflow/telemetry';
import express, { type Express, type RequestHandler } from 'express';
import { createDashboard } from './dashboard/dashboard.js';
import { type Endpoint, routesOf } from './endpoint.js';
import { deadLetterEndpoints } from './endpoints/dead-letter-endpoints.js';
import { fleetEndpoints } from './endpoints/fleet-endpoints.js';
import { metricsEndpoint } from './endpoints/metrics-endpoint.js';
import { openApiEndpoint } from './endpoints/openapi-endpoint.js';
import { queueEndpoints } from './endpoints/queue-endpoints.js';
import { taskEndpoints } from './endpoints/task-endpoints.js';
import type { GatewayDeps } from './gateway-deps.js';
import { logAccess } from './requests/access-log.js';
import { countRequests } from './requests/count-requests.js';
import { inOrder } from './requests/in-order.js';
import { limitRate } from './requests/limit-rate.js';
import { refuseUnknownQuery } from './requests/query.js';
import { identify } from './requests/request-id.js';
import { ROLES } from './roles.js';

/** What answers requests. The order is the point: limits, what is open to all, permission, then the rest. */
export function createHttpApp(deps: GatewayDeps): Express {
  const app = express().disable('x-powered-by').disable('etag');
  app.enable('case sensitive routing').enable('strict routing');
  const metrics = openMetrics(deps);
  app.use(identify, logAccess(deps.logger), countRequests(metrics), refuseMalformed);
  serve(app, probes(deps));
  app.use(limitRate(deps.options));
  const endpoints = endpointsOf(deps, metrics);
  if (isMetricsOpen(deps)) serve(app, openRoutes(endpoints));
  if (deps.options.dashboard) app.get('/', toDashboard).use('/dashboard', createDashboard(deps));
  app.use(refuseOtherSites, plainHeaders);
  serve(app, routesOf(endpoints, createGuard(deps)));
  app.use((request) => {
    throw new GoflowError(
      'NOT_FOUND',
      `there is no ${request.method} ${request.path.slice(0, 100)}; GET /openapi.json lists what there is`,
    );
  });
  app.use(answerErrors);
  return app;
}

/** Who comes with a browser to where there is nothing else. */
const toDashboard: RequestHandler = (request, response, next) => {
  if (request.headers.accept?.includes('text/html') !== true) return next();
  response.set({ 'Cache-Control': 'no-store', Vary: 'Accept' }).redirect(302, '/dashboard');
};

/** All that the API can do. */
function endpointsOf(deps: GatewayDeps, metrics: GatewayMetrics): readonly Endpoint[] {
  const endpoints = [
    ...taskEndpoints(deps),
    ...deadLetterEndpoints(deps),
    ...queueEndpoints(deps),
    ...fleetEndpoints(deps),
    metricsEndpoint(metrics),
  ];
  return [...endpoints, openApiEndpoint(deps, endpoints)];
}

/** Counted from the first request on: what nobody asks needs no metrics. */
function openMetrics({ goflow, exporter, held, atStop, options }: GatewayDeps): GatewayMetrics {
  const { metricTypes: maxTypes, metricQueues: maxQueues, metricGroup: group } = options;
  const metrics = createGatewayMetrics({
    exporter,
    maxQueues,
    group,
    ping: () => goflow.ping(),
    streams: () => ({ tasks: held.streams.size, pages: held.pages.size }),
  });
  createClientMetrics(goflow, { register: metrics.register, maxTypes, maxQueues });
  atStop(() => metrics.close());
  return metrics;
}

/** Prometheus needs no token that changes something, so it needs none unless there is one for reading. */
function isMetricsOpen({ options: { tokens } }: GatewayDeps): boolean {
  return tokens.read.length === 0 && tokens.push.length + tokens.operate.length > 0;
}

function openRoutes(endpoints: readonly Endpoint[]): Routes {
  const limit = answerWithin();
  const open = endpoints.filter(({ path }) => path === '/metrics');
  return routesOf(open, ({ operation }) => [limit, refuseUnknownQuery(operation)]);
}

/** What stands before each endpoint. */
function createGuard({ options }: GatewayDeps): (endpoint: Endpoint) => readonly RequestHandler[] {
  const tokens = ROLES.map((role) => ({ role, tokens: options.tokens[role] }));
  const permission = createPermission({ ladder: ROLES, tokens });
  const limit = answerWithin();
  return (endpoint) => [
    inOrder(
      mark(endpoint),
      ...(endpoint.isLong ? [] : [limit]),
      permission(endpoint.role),
      refuseUnknownQuery(endpoint.operation),
    ),
  ];
}

/** For the log. */
function mark(endpoint: Endpoint): RequestHandler {
  return (_request, response, next) => {
    response.locals.endpoint = endpoint;
    next();
  };
}

/** Answers are for programs: no page may show them, and nobody keeps them. */
const plainHeaders: RequestHandler = (_request, response, next) => {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cache-Control', 'no-store');
  next();
};

/** Kubernetes waits one second for a probe unless told otherwise; a gateway whose Redis takes longer to answer is of no use. */
const READY_WITHIN_MS = 1_000;

/** Open to all: what starts and stops containers has no token. They say nothing but whether. */
function probes({ goflow }: GatewayDeps): Routes {
  const askRedis = shareAnswer(() =>
    Promise.race([
      goflow.ping().then(
        () => true,
        () => false,
      ),
      delay(READY_WITHIN_MS, false, { ref: false }),
    ]),
  );
  return {
    '/livez': { GET: (_request, response) => void response.json({ status: 'live' }) },
    '/readyz': {
      GET: async (_request, response) => {
        const ready = await askRedis();
        response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not ready' });
      },
    },
  };
}
