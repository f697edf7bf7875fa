import type { Routes } from '@goflow/http';
import type { RequestHandler } from 'express';
import type { Role } from './roles.js';

/** One method of one path: what answers, who may ask, and what the API's description says of it. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As Express writes it: `/tasks/:id`. */
  readonly path: string;
  /** The least that one needs. */
  readonly role: Role;
  /** Its part of the OpenAPI document: an Operation object of OpenAPI 3.1. */
  readonly operation: Operation;
  readonly handle: RequestHandler;
  /** True for answers that take as long as they like: a long poll, a stream. @default false */
  readonly isLong?: boolean;
}

/** What of OpenAPI's Operation object is used here. */
export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly object[];
  readonly requestBody?: object;
  /** By status. What every endpoint can answer (400, 401, 403 …) is added to all. */
  readonly responses: Readonly<Record<string, object>>;
}

/** The handlers of endpoints by path and method; `guard` is what stands before each. */
export function routesOf(
  endpoints: readonly Endpoint[],
  guard: (endpoint: Endpoint) => readonly RequestHandler[],
): Routes {
  const routes: Record<string, Record<string, readonly RequestHandler[]>> = {};
  for (const endpoint of endpoints) {
    routes[endpoint.path] ??= {};
    const methods = routes[endpoint.path];
    if (methods) methods[endpoint.method] = [...guard(endpoint), endpoint.handle];
  }
  return routes;
}
