/**
 * Traces of a worker with OpenTelemetry. Only what imports this loads `@opentelemetry/api`, which is the user's own.
 *
 * @module
 */

export type { TracingOptions } from '@goflow/telemetry/tracing';
export { createTracing } from '@goflow/telemetry/tracing';
