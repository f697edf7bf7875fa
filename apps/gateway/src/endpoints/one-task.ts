import { redactPayload, type Tasks } from '@goflow/sdk';
import { GoflowError, unknownTask } from '@goflow/shared';
import type { Request } from 'express';
import type { Endpoint } from '../endpoint.js';
import type { GatewayDeps } from '../gateway-deps.js';
import { answer, inQuery, TEXT } from '../openapi/parts.js';
import { queryOf } from '../requests/query.js';
import { CANCELLED, TASK, TASK_INFO } from './task-schemas.js';

/** `GET /tasks/:task`: all that is known of a task. What its contract redacts is not shown. */
export function showTaskEndpoint({ goflow, tasks }: GatewayDeps): Endpoint {
  return {
    method: 'GET',
    path: '/tasks/:task',
    role: 'read',
    operation: {
      operationId: 'getTask',
      summary: 'All about one task',
      description: 'Here `task` is its id. Also its progress, last log lines and attempts.',
      tags: ['tasks'],
      parameters: [TASK],
      responses: {
        200: answer('What is known of it.', TASK_INFO),
        404: { description: 'There is no such task.' },
      },
    },
    handle: async (request, response) => {
      const { task: id = '' } = request.params as { task?: string };
      const info = await goflow.inspector.get(id);
      if (!info) throw unknownOrType(id, tasks);
      response.json({ ...info, payload: redactPayload(tasks, info.type, info.payload) });
    },
  };
}

/** `DELETE /tasks/:task`: cancels a task, wherever it is. */
export function cancelEndpoint({ goflow }: GatewayDeps): Endpoint {
  return {
    method: 'DELETE',
    path: '/tasks/:task',
    role: 'push',
    operation: {
      operationId: 'cancel',
      summary: 'Cancel one task',
      description:
        'Here `task` is its id. A waiting one ends at once; a running one is told, and is cancelled unless it is faster. One that has finished stays as it is: `effect` is `none`.',
      tags: ['tasks'],
      parameters: [TASK, inQuery('reason', TEXT, '1 to 500 characters; its failure says it.')],
      responses: {
        200: answer('What was found, and what was done.', CANCELLED),
        404: { description: 'There is no such task.' },
      },
    },
    handle: async (request, response) => {
      const { task: id = '' } = request.params as { task?: string };
      const reason = queryOf(request).get('reason');
      const { found, effect } = await goflow.cancel(id, { reason });
      if (found === 'unknown') throw unknownTask(id);
      response.json({ id, found, effect });
    },
  };
}

/** The id in the path of a request. */
export const idOf = ({ params }: Request): string => (params as { id?: string }).id ?? '';

/** Who asks for a type is told what there is of it. */
function unknownOrType(id: string, { contracts }: Tasks): GoflowError {
  if (!contracts.has(id)) return unknownTask(id);
  const message = `there is no task "${id}": it is a task type, and POST /tasks/${id} pushes one`;
  return new GoflowError('TASK_UNKNOWN', message);
}
