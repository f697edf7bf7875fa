import { readJson } from '@goflow/http';
import type { Endpoint } from '../endpoint.js';
import type { GatewayDeps } from '../gateway-deps.js';
import { pushRequestOf } from './push-request.js';

/** `POST /tasks/:type`: one task. 201 with its id; 200 where it was there before. */
export function pushEndpoint({ goflow, options }: GatewayDeps): Endpoint {
  const limits = { maxBytes: options.bodyLimit, maxDepth: 100 };
  return {
    method: 'POST',
    path: '/tasks/:type',
    role: 'push',
    operation: {
      operationId: 'push',
      summary: 'Push one task',
      tags: ['tasks'],
      responses: {
        201: { description: 'It is in Redis.' },
        200: { description: 'It was there before.' },
      },
    },
    handle: async (request, response) => {
      const { type = '' } = request.params as { type?: string };
      const { payload, ...pushOptions } = pushRequestOf(await readJson(request, limits));
      const { id, deduplicated } = await goflow.pushOnce(type, payload, pushOptions);
      response
        .status(deduplicated ? 200 : 201)
        .location(`/tasks/${encodeURIComponent(id)}`)
        .json({ id, deduplicated });
    },
  };
}
