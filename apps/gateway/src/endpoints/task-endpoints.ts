import type { Endpoint } from '../endpoint.js';
import type { GatewayDeps } from '../gateway-deps.js';
import { pushEndpoint } from './push.js';

/** What can be asked of tasks. */
export function taskEndpoints(deps: GatewayDeps): readonly Endpoint[] {
  return [pushEndpoint(deps)];
}
