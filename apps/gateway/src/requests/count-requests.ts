import type { GatewayMetrics } from '@goflow/telemetry';
import type { RequestHandler, Response } from 'express';
import { routeOf } from './route-of.js';

/** As nginx counts a client that went away before it had an answer. */
const GONE = 499;

/** Counts each request when it is over, by the pattern of its path. */
export function countRequests(metrics: GatewayMetrics): RequestHandler {
  return (request, response, next) => {
    const beganAt = performance.now();
    response.once('close', () =>
      metrics.count({
        method: request.method,
        route: routeOf(request),
        status: statusOf(response),
        seconds: (performance.now() - beganAt) / 1_000,
      }),
    );
    next();
  };
}

/** A stream that its client closes was answered. */
const statusOf = ({ headersSent, statusCode }: Response): number =>
  headersSent ? statusCode : GONE;
