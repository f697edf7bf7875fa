import { unknownTask } from '@goflow/shared';
import type { Endpoint } from '../endpoint.js';
import type { GatewayDeps } from '../gateway-deps.js';
import {
  answer,
  body,
  FLAG,
  fields,
  inPath,
  inQuery,
  listOf,
  onlyFields,
  ref,
  TEXT,
} from '../openapi/parts.js';
import { payloadLimits } from '../requests/payload-limits.js';
import { integerOf, queryOf } from '../requests/query.js';
import { fieldsOf } from './body-fields.js';
import { bulkEndpoints } from './dead-letter-bulk.js';
import { FILTER_PARAMETERS, filterIn } from './dead-letter-filter.js';
import { endOf } from './within.js';

const ID = inPath('id', 'The id of a task.', 'default:0190b4f0c7d17c3e8a5d2f4b6a8c0e1d');

/** What can be done with tasks that failed for good. */
export function deadLetterEndpoints(deps: GatewayDeps): readonly Endpoint[] {
  // Before those with an id: `groups` is none.
  return [list(deps), groups(deps), ...bulkEndpoints(deps), redrive(deps), discard(deps)];
}

function list({ goflow }: GatewayDeps): Endpoint {
  return {
    method: 'GET',
    path: '/dead-letters',
    role: 'read',
    operation: {
      operationId: 'listDeadLetters',
      summary: 'List dead letters, a page at a time',
      tags: ['dead letters'],
      parameters: [
        ...FILTER_PARAMETERS,
        inQuery('cursor', TEXT, 'The `next` of the page before, with the same filter.'),
        inQuery(
          'limit',
          { type: 'integer', minimum: 1, maximum: 1_000, default: 50 },
          'Of the page.',
        ),
      ],
      responses: { 200: answer('One page.', ref('TaskList')) },
    },
    handle: async (request, response) => {
      const query = queryOf(request);
      const limit = integerOf('limit', query.get('limit'));
      const { deadLetters } = goflow.inspector;
      response.json(await deadLetters.list(filterIn(query), query.get('cursor'), limit));
    },
  };
}

function groups({ goflow }: GatewayDeps): Endpoint {
  const limits = { type: 'integer', minimum: 1, maximum: 10_000_000, default: 100_000 };
  return {
    method: 'GET',
    path: '/dead-letters/groups',
    role: 'read',
    isLong: true,
    operation: {
      operationId: 'groupDeadLetters',
      summary: 'Group dead letters by how they failed, the largest group first',
      tags: ['dead letters'],
      parameters: [
        ...FILTER_PARAMETERS,
        inQuery('limit', limits, 'How many to look at.'),
        inQuery('within', TEXT, 'How long to look: `1ms` to `60s`. Default 10s.'),
      ],
      responses: {
        200: answer(
          'The groups; `complete: false`: of those that were looked at.',
          fields({
            groups: listOf(ref('DeadLetterGroup')),
            examined: { type: 'integer' },
            complete: FLAG,
          }),
        ),
      },
    },
    handle: async (request, response) => {
      const query = queryOf(request);
      const limit = integerOf('limit', query.get('limit'));
      const options = { limit, signal: endOf(response, query.get('within')) };
      response.json(await goflow.inspector.deadLetters.groups(filterIn(query), options));
    },
  };
}

function redrive({ goflow, options }: GatewayDeps): Endpoint {
  const limits = { ...payloadLimits(options), isOptional: true };
  return {
    method: 'POST',
    path: '/dead-letters/:id/redrive',
    role: 'operate',
    operation: {
      operationId: 'redrive',
      summary: 'Put one dead letter, or a cancelled task, back into its queue',
      description:
        'With all its attempts before it. A task in another state stays as it is: `redriven: false`.',
      tags: ['dead letters'],
      parameters: [ID],
      requestBody: body(
        onlyFields({
          'payload?': {
            description: 'Takes the place of the one that it has; checked as that of a push.',
          },
        }),
        { required: false },
      ),
      responses: {
        200: answer(
          'What was found, and what was done.',
          fields({ id: TEXT, found: ref('TaskState'), redriven: FLAG }),
        ),
      },
    },
    handle: async (request, response) => {
      const { id = '' } = request.params as { id?: string };
      const { payload } = await fieldsOf(request, ['payload'], limits);
      const done = await goflow.inspector.deadLetters.redrive(id, { payload });
      if (done.found === 'unknown') throw unknownTask(id);
      response.json(done);
    },
  };
}

function discard({ goflow }: GatewayDeps): Endpoint {
  return {
    method: 'DELETE',
    path: '/dead-letters/:id',
    role: 'operate',
    operation: {
      operationId: 'discard',
      summary: 'Remove one dead letter, or a cancelled task',
      description:
        'With all that belongs to it. A task in another state stays as it is: `discarded: false`.',
      tags: ['dead letters'],
      parameters: [ID],
      responses: {
        200: answer(
          'What was found, and what was done.',
          fields({ id: TEXT, found: ref('TaskState'), discarded: FLAG }),
        ),
      },
    },
    handle: async (request, response) => {
      const { id = '' } = request.params as { id?: string };
      const done = await goflow.inspector.deadLetters.discard(id);
      if (done.found === 'unknown') throw unknownTask(id);
      response.json(done);
    },
  };
}
