/**
 * Traces of a worker with OpenTelemetry. Only what imports this loads `@opentelemetry/api`, which is the user's own.
 *
 * @module
 */

import type { Tracing } from '@goflow/shared';
import { otelTracing } from '@goflow/shared/otel-tracing';
import * as api from '@opentelemetry/api';

/** Options of {@link createTracing}. */
export interface TracingOptions {
  /** Where spans go. @default what is set up in this process, now or later */
  readonly tracerProvider?: api.TracerProvider | undefined;
}

/**
 * Traces for clients and workers: a span for each push and each attempt, in one trace from the first push to the last child. It sets nothing
 * up: that is what an OpenTelemetry SDK is for. Without one it does nothing.
 *
 * @example
 * new NodeSDK({ serviceName: 'shop' }).start();
 * const worker = createWorker({ tasks, handlers, redis, tracing: createTracing() });
 */
export function createTracing({ tracerProvider }: TracingOptions = {}): Tracing {
  return otelTracing(api, tracerProvider);
}
