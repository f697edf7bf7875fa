import type { Goflow, Logger, TaskDefinitions, Tasks } from '@goflow/sdk';
import type { ResolvedGatewayOptions } from './options.js';

/** What endpoints and pages are made of. */
export interface GatewayDeps {
  readonly goflow: Goflow<TaskDefinitions>;
  readonly tasks: Tasks;
  readonly options: ResolvedGatewayOptions;
  readonly logger: Logger;
}
