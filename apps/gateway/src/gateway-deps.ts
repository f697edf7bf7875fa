import type { Goflow, Logger, TaskDefinitions, Tasks } from '@goflow/sdk';
import type { ResolvedGatewayOptions } from './options.js';
import type { HeldRequests } from './requests/held-requests.js';

/** What endpoints and pages are made of. */
export interface GatewayDeps {
  readonly goflow: Goflow<TaskDefinitions>;
  readonly tasks: Tasks;
  readonly options: ResolvedGatewayOptions;
  readonly logger: Logger;
  /** Requests that are held open: they end when the gateway stops. */
  readonly held: { readonly polls: HeldRequests; readonly streams: HeldRequests };
}
