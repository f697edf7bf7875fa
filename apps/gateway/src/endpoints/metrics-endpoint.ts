import { shareAnswer } from '@goflow/http';
import type { GatewayMetrics } from '@goflow/telemetry';
import type { Endpoint } from '../endpoint.js';
import { TEXT } from '../openapi/parts.js';

/** `GET /metrics`: for Prometheus. */
export function metricsEndpoint(metrics: GatewayMetrics): Endpoint {
  const text = shareAnswer(() => metrics.text());
  return {
    method: 'GET',
    path: '/metrics',
    role: 'read',
    operation: {
      operationId: 'showMetrics',
      summary: 'Show the metrics of this gateway, in the format of Prometheus',
      description: 'Open to all where there are tokens and none of them is for reading only.',
      tags: ['process'],
      responses: {
        200: {
          description: 'All of them; asked for again within a second, the same.',
          content: { 'text/plain': { schema: TEXT } },
        },
      },
    },
    handle: async (_request, response) => {
      response.type(metrics.contentType).send(await text());
    },
  };
}
