import type { Endpoint } from '../endpoint.js';
import type { GatewayDeps } from '../gateway-deps.js';
import { listTasksEndpoint } from './list-tasks.js';
import { cancelEndpoint, showTaskEndpoint } from './one-task.js';
import { pushEndpoint } from './push.js';
import { pushBulkEndpoint } from './push-bulk.js';
import { taskEventsEndpoint } from './task-events.js';
import { taskResultEndpoint } from './task-result.js';

/** What can be asked of tasks. */
export function taskEndpoints(deps: GatewayDeps): readonly Endpoint[] {
  return [
    pushEndpoint(deps),
    pushBulkEndpoint(deps),
    listTasksEndpoint(deps),
    showTaskEndpoint(deps),
    taskResultEndpoint(deps),
    taskEventsEndpoint(deps),
    cancelEndpoint(deps),
  ];
}
