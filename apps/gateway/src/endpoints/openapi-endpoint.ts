import type { Endpoint } from '../endpoint.js';
import type { GatewayDeps } from '../gateway-deps.js';
import { openApiDocument } from '../openapi/document.js';
import { answer } from '../openapi/parts.js';

/** `GET /openapi.json`: the description of all endpoints, this one among them; made when it is asked for the first time. */
export function openApiEndpoint(
  { tasks, options }: GatewayDeps,
  others: readonly Endpoint[],
): Endpoint {
  let made: Promise<Buffer> | undefined;
  const hasTokens = Object.values(options.tokens).some(({ length }) => length > 0);
  const endpoint: Endpoint = {
    method: 'GET',
    path: '/openapi.json',
    role: 'read',
    operation: {
      operationId: 'describeApi',
      summary: 'Describe all of this, in OpenAPI 3.1',
      tags: ['process'],
      responses: { 200: answer('The description.', { type: 'object' }) },
    },
    handle: async (_request, response) => {
      made ??= openApiDocument({ tasks, hasTokens, endpoints: [...others, endpoint] }).then(
        (text) => Buffer.from(text),
      );
      response.type('application/json').send(await made);
    },
  };
  return endpoint;
}
