import type { Request } from 'express';

/** The pattern of the path that a request has, as it was given to Express; `undefined` where there is nothing. It holds no id of a user's. */
export function routeOf({ baseUrl, route }: Request): string | undefined {
  const { path } = (route ?? {}) as { path?: unknown };
  return typeof path === 'string' ? `${baseUrl}${path}` : undefined;
}
