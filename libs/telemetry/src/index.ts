/**
 * Metrics and logs: the only home of prom-client and pino.
 *
 * @module
 */

export type { LoggerOptions, LogLevel } from './logger.js';
export { createLogger, LOG_LEVELS } from './logger.js';
export type { MetricEntry } from './metric-catalogue.js';
export { DURATION_BUCKETS, METRICS } from './metric-catalogue.js';
export type { QueueGauges, WorkerMetrics, WorkerMetricsOptions } from './worker-metrics.js';
export { createWorkerMetrics } from './worker-metrics.js';
