import { HttpServer } from '@goflow/http/server';
import type { HttpAppDeps } from './http-app.js';
import type { ResolvedHttpOptions } from './http-options.js';

/**
 * The worker's HTTP face: health and metrics for all, concurrency for those who may. What answers is loaded for the first request: it
 * takes longer to load than a worker needs to connect and to take its first task.
 */
export function createHttpServer(options: ResolvedHttpOptions, deps: HttpAppDeps): HttpServer {
  const { port, host } = options;
  const load = async () => (await import('./http-app.js')).createHttpApp(options, deps);
  return new HttpServer({ port, host, load });
}
