/**
 * Metrics: the only home of prom-client, and with `@goflow/telemetry/logger`, which only programs load, of pino.
 *
 * @module
 */

export type { MetricEntry } from '@goflow/shared/metrics';
export {
  CALL_BUCKETS,
  DURATION_BUCKETS,
  FAILURE_REASONS,
  HAND_BACK_REASONS,
  METRICS,
  PUSH_OUTCOMES,
} from '@goflow/shared/metrics';
export type { FleetMetricsOptions } from './fleet-metrics.js';
export { FleetMetrics } from './fleet-metrics.js';
export type { GatewayMetrics, GatewayMetricsOptions, RequestSeen } from './gateway-metrics.js';
export { createGatewayMetrics } from './gateway-metrics.js';
export type { QueueGauges, WorkerMetrics, WorkerMetricsOptions } from './worker-metrics.js';
export { createWorkerMetrics } from './worker-metrics.js';
