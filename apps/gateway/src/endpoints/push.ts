import { readJson } from '@goflow/http';
import type { Endpoint } from '../endpoint.js';
import type { GatewayDeps } from '../gateway-deps.js';
import { answer, body } from '../openapi/parts.js';
import { payloadLimits } from '../requests/payload-limits.js';
import { Turn } from '../requests/turn.js';
import { pushRequestOf } from './push-request.js';
import { idempotencyOf, withHeaders } from './request-options.js';
import { IDEMPOTENCY_KEY, PUSH_BODY, PUSHED, TASK, TRACEPARENT } from './task-schemas.js';

/** `POST /tasks/:task`: one task. 201 with its id; 200 where it was there before. */
export function pushEndpoint({ goflow, options: given }: GatewayDeps): Endpoint {
  const limits = payloadLimits(given);
  const turn = new Turn();
  return {
    method: 'POST',
    path: '/tasks/:task',
    role: 'push',
    operation: {
      operationId: 'push',
      summary: 'Push one task',
      description: 'Here `task` is its type. When it is answered, the task is in Redis.',
      tags: ['tasks'],
      parameters: [TASK, IDEMPOTENCY_KEY, TRACEPARENT],
      requestBody: body(PUSH_BODY),
      responses: {
        201: answer('It is in Redis; `Location` is where it can be asked for.', PUSHED),
        200: answer('It was there before.', PUSHED),
        409: { description: 'A task with another payload has the id.' },
      },
    },
    handle: async (request, response) => {
      const { task: type = '' } = request.params as { task?: string };
      const idOf = idempotencyOf(request);
      const { payload, options } = pushRequestOf(await readJson(request, limits));
      await turn.end();
      const { id, deduplicated } = await goflow.pushOnce(
        type,
        payload,
        withHeaders(options, request, idOf?.()),
      );
      // Not by `json`, which takes longer than all else here: this is the request that there are most of.
      response.statusCode = deduplicated ? 200 : 201;
      response.setHeader('Location', `/tasks/${encodeURIComponent(id)}`);
      response.setHeader('Content-Type', 'application/json; charset=utf-8');
      response.end(JSON.stringify({ id, deduplicated }));
    },
  };
}
