import { GoflowError } from '@goflow/shared';
import type { IRouter, RequestHandler } from 'express';
import { holding } from './held-bodies.js';
import { sendProblem } from './problem.js';

/** What answers, by path and method. HEAD is answered where GET is. */
export type Routes = Readonly<Record<string, Readonly<Partial<Record<Method, Handlers>>>>>;

/** One, or several that are called one after another. */
type Handlers = RequestHandler | readonly RequestHandler[];

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
type Method = (typeof METHODS)[number];
const METHOD_CALLS = {
  GET: 'get',
  POST: 'post',
  PUT: 'put',
  PATCH: 'patch',
  DELETE: 'delete',
} as const;

/** Adds routes to an app. Another method than those of a path is answered with 405, also OPTIONS: there is no CORS. */
export function serve(app: IRouter, routes: Routes): void {
  for (const [path, handlers] of Object.entries(routes)) {
    const route = app.route(path);
    for (const method of METHODS) {
      const given = handlers[method];
      if (given) route[METHOD_CALLS[method]](...[given].flat().map(holding));
    }
    route.all(refuseMethod(path, handlers));
  }
}

function refuseMethod(path: string, handlers: Routes[string]): RequestHandler {
  const methods = METHODS.filter((method) => handlers[method]);
  const allowed = methods.join(', ').replace('GET', 'GET, HEAD');
  return (request, response) => {
    response.setHeader('Allow', allowed);
    const message = `${path} has no ${request.method.slice(0, 20)}; it has ${allowed}`;
    sendProblem(response, new GoflowError('METHOD_NOT_ALLOWED', message));
  };
}
