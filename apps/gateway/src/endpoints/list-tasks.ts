import type { TaskFilter } from '@goflow/sdk';
import { TASK_STATES, type TaskState } from '@goflow/shared';
import type { Endpoint } from '../endpoint.js';
import type { GatewayDeps } from '../gateway-deps.js';
import { answer, inQuery, ref, TEXT, TIME } from '../openapi/parts.js';
import { dateOf, integerOf, type Query, queryOf } from '../requests/query.js';

/** `GET /tasks`: a page of tasks. */
export function listTasksEndpoint({ goflow }: GatewayDeps): Endpoint {
  return {
    method: 'GET',
    path: '/tasks',
    role: 'read',
    operation: {
      operationId: 'listTasks',
      summary: 'List tasks',
      description:
        'Queue by queue, in a state the newest first. A page may hold less than `limit`, even nothing, and yet have a `next`: the cursor of the page after it, for the same filter.',
      tags: ['tasks'],
      parameters: [
        inQuery('type', TEXT, 'Tasks of this type.'),
        inQuery('queue', TEXT, 'Tasks in this queue.'),
        inQuery('state', TEXT, `One or several, joined by commas, of ${TASK_STATES.join(', ')}.`),
        inQuery('tag', TEXT, 'Tasks that were pushed with this tag.'),
        inQuery('since', TIME, 'Tasks that finished since, or while open were pushed since.'),
        inQuery('text', TEXT, '1 to 200 characters of its id, type, tags, payload or failure.'),
        inQuery('cursor', TEXT, 'The `next` of the page before.'),
        inQuery(
          'limit',
          { type: 'integer', minimum: 1, maximum: 1_000, default: 50 },
          'Of a page.',
        ),
      ],
      responses: { 200: answer('A page.', ref('TaskList')) },
    },
    handle: async (request, response) => {
      const query = queryOf(request);
      const limit = integerOf('limit', query.get('limit'));
      response.json(await goflow.inspector.list(filterOf(query), query.get('cursor'), limit));
    },
  };
}

/** What is right in a field, the inspector checks. */
function filterOf(query: Query): TaskFilter {
  return {
    type: query.get('type'),
    queue: query.get('queue'),
    tag: query.get('tag'),
    text: query.get('text'),
    state: query.get('state')?.split(',') as TaskState[] | undefined,
    since: dateOf('since', query.get('since')),
  };
}
