import type { Logger } from '@goflow/sdk';
import { isGoflowError, toFailure } from '@goflow/shared';
import type { Request, RequestHandler, Response } from 'express';
import type { Endpoint } from '../endpoint.js';
import type { Role } from '../roles.js';
import { routeOf } from './route-of.js';

/** What is known of a request when it is over. */
interface Seen {
  readonly requestId: string;
  readonly role?: Role;
  /** The endpoint, where it was one. */
  readonly endpoint?: Endpoint;
  /** What was answered with a problem. */
  readonly error?: unknown;
}

/**
 * One line for each request, when it is over: `info` for changes that need the role operate, `warn` and `error` from status 500 on, `debug`
 * for all else. The route is its pattern: no line holds an id, a query, a payload or a token.
 */
export function logAccess(logger: Logger): RequestHandler {
  return (request, response, next) => {
    const beganAt = performance.now();
    // Comes once, also where the client went away.
    response.once('close', () =>
      logger[levelOf(request, response)](...lineOf(request, response, beganAt)),
    );
    next();
  };
}

function levelOf(
  { method }: Request,
  { locals, statusCode }: Response,
): 'debug' | 'info' | 'warn' | 'error' {
  const { endpoint, error } = locals as Seen;
  if (statusCode >= 500) {
    // A 503 without an error is a probe's "not ready".
    const isExpected =
      error === undefined ? statusCode === 503 : isGoflowError(error) && error.code !== 'INTERNAL';
    return isExpected ? 'warn' : 'error';
  }
  const isChange = method !== 'GET' && method !== 'HEAD';
  return isChange && endpoint?.role === 'operate' ? 'info' : 'debug';
}

function lineOf(
  request: Request,
  response: Response,
  beganAt: number,
): readonly [fields: object, message: string] {
  const { requestId, role, error } = response.locals as Seen;
  const { statusCode: status, writableFinished } = response;
  const fields = {
    method: request.method,
    route: routeOf(request) ?? '(none)',
    status,
    ms: Math.round((performance.now() - beganAt) * 10) / 10,
    role,
    requestId,
    ...(isGoflowError(error) ? { code: error.code } : {}),
    // What went wrong in here; a client's own errors cost no stack.
    ...(status >= 500 && error !== undefined ? { failure: toFailure(error, 'INTERNAL') } : {}),
    ...(writableFinished ? {} : { cut: true }),
  };
  return [fields, 'request'];
}
