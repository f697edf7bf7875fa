import type { Endpoint } from '../endpoint.js';
import type { GatewayDeps } from '../gateway-deps.js';
import { payloadReader } from '../requests/read-payloads.js';
import { listTasksEndpoint } from './list-tasks.js';
import { cancelEndpoint, showTaskEndpoint } from './one-task.js';
import { pushEndpoint } from './push.js';
import { pushBulkEndpoint } from './push-bulk.js';
import { taskEventsEndpoint } from './task-events.js';
import { taskResultEndpoint } from './task-result.js';

/** What can be asked of tasks. */
export function taskEndpoints(deps: GatewayDeps): readonly Endpoint[] {
  const read = payloadReader(deps.options.bodyLimit);
  return [
    pushEndpoint(deps, read),
    pushBulkEndpoint(deps, read),
    listTasksEndpoint(deps),
    showTaskEndpoint(deps),
    taskResultEndpoint(deps),
    taskEventsEndpoint(deps),
    cancelEndpoint(deps),
  ];
}
