/**
 * Metrics: the only home of prom-client, and with `@goflow/telemetry/logger`, which only programs load, of pino.
 *
 * @module
 */

export type { FleetMetricsOptions } from './fleet-metrics.js';
export { FleetMetrics } from './fleet-metrics.js';
export type { MetricEntry } from './metric-catalogue.js';
export {
  CALL_BUCKETS,
  DURATION_BUCKETS,
  FAILURE_REASONS,
  METRICS,
  PUSH_OUTCOMES,
} from './metric-catalogue.js';
export { DEFAULT_MAX_TYPES, MAX_TYPES } from './type-labels.js';
export type { QueueGauges, WorkerMetrics, WorkerMetricsOptions } from './worker-metrics.js';
export { createWorkerMetrics } from './worker-metrics.js';
