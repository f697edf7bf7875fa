import type { Logger, Tasks } from '@goflow/sdk';
import type { Connected } from './connect.js';
import type { DepthHistory } from './dashboard/fleet/depth-history.js';
import type { GatewayOptions, ResolvedGatewayOptions } from './options.js';
import type { HeldRequests } from './requests/held-requests.js';

/** What endpoints and pages are made of. */
export interface GatewayDeps extends Connected {
  readonly tasks: Tasks;
  /** Where Redis is, for who needs a connection of its own. */
  readonly connection: Pick<GatewayOptions, 'redis' | 'prefix'>;
  readonly options: ResolvedGatewayOptions;
  readonly logger: Logger;
  /** Requests that are held open: they end when the gateway stops. */
  readonly held: {
    readonly polls: HeldRequests;
    readonly streams: HeldRequests;
    /** Of pages that are open. */
    readonly pages: HeldRequests;
  };
  /** How deep queues were of late, where there is a dashboard. */
  readonly depths: DepthHistory;
  /** Has something closed when the gateway stops, after its last answer. */
  readonly atStop: (close: () => Promise<void> | void) => void;
}
