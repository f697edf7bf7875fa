import type { WorkerInfo } from '@goflow/sdk';
import { callerOf } from '../caller.js';
import type { Endpoint } from '../endpoint.js';
import type { GatewayDeps } from '../gateway-deps.js';
import { answer, FLAG, fields, inPath, inQuery, listOf, ref } from '../openapi/parts.js';
import { queryOf } from '../requests/query.js';
import type { Role } from '../roles.js';
import { badRequest } from './body-fields.js';

/** What can be asked of queues. */
export function queueEndpoints(deps: GatewayDeps): readonly Endpoint[] {
  return [list(deps), pauseOrResume(deps, 'pause'), pauseOrResume(deps, 'resume')];
}

function list({ goflow }: GatewayDeps): Endpoint {
  return {
    method: 'GET',
    path: '/queues',
    role: 'read',
    operation: {
      operationId: 'listQueues',
      summary:
        'List the queues: how many tasks by state, the age of the oldest, paused or not, who takes from them',
      tags: ['queues'],
      parameters: [
        inQuery(
          'search',
          { ...FLAG, default: false },
          'Looks through all keys of Redis, for queues that only other programs push to.',
        ),
      ],
      responses: {
        200: answer('All queues by name.', fields({ queues: listOf(ref('Queue')) })),
      },
    },
    handle: async (request, response) => {
      const search = flagOf('search', queryOf(request).get('search'));
      const [queues, workers] = await Promise.all([
        goflow.fleet.queues({ search }),
        goflow.inspector.workers(),
      ]);
      const now = Date.now();
      const described = queues.map(({ oldestWaitingAt: at, ...queue }) => ({
        ...queue,
        ...(at !== undefined && {
          oldestWaitingAt: new Date(at),
          oldestWaitingMs: Math.max(now - at, 0),
        }),
        consumers: consumersOf(queue.queue, workers),
      }));
      response.json({ queues: described });
    },
  };
}

/** @throws REQUEST_INVALID */
function flagOf(name: string, text: string | undefined): boolean {
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw badRequest(`${name} is true or false`);
}

function consumersOf(queue: string, workers: readonly WorkerInfo[]): number {
  const takes = ({ state, queues }: WorkerInfo): boolean =>
    state === 'running' && (queues[queue]?.concurrency ?? 0) > 0;
  return workers.filter(takes).length;
}

function pauseOrResume({ goflow }: GatewayDeps, how: 'pause' | 'resume'): Endpoint {
  const isPause = how === 'pause';
  return {
    method: 'POST',
    path: `/queues/:queue/${how}`,
    role: 'operate',
    operation: {
      operationId: `${how}Queue`,
      summary: isPause
        ? 'Let no worker take anything more from a queue; what runs goes on'
        : 'Let workers take from a queue again',
      tags: ['queues'],
      parameters: [inPath('queue', 'The name of a queue.', 'default')],
      responses: { 200: answer('Whether it was otherwise before.', ref('FleetChange')) },
    },
    handle: async (request, response) => {
      const { queue = '' } = request.params as { queue?: string };
      const by = callerOf(request, response.locals.role as Role);
      response.json(await goflow.fleet[how](queue, { by }));
    },
  };
}
