/**
 * The HTTP face of goflow: for services in other languages, and for people.
 *
 * @example
 * import { createGateway } from '@goflow/gateway';
 * import { tasks } from './tasks.js';
 *
 * const gateway = createGateway({ tasks, redis: 'redis://localhost:6379', http: { port: 8080 } });
 * await gateway.start();
 *
 * @module
 */

export type { Gateway } from './gateway.js';
export { createGateway } from './gateway.js';
export type { GatewayHttpOptions, GatewayOptions } from './options.js';
