/**
 * What metrics there are, and what counts them where each task is counted. Only who shows or counts metrics loads it.
 *
 * @module
 */

export { CappedLabels, checkGroup, checkMaxLabels, DEFAULT_MAX_LABELS } from './capped-labels.js';
export type { Sample } from './computed-metric.js';
export { addComputed, single } from './computed-metric.js';
export { DurationHistogram } from './duration-histogram.js';
export type { MetricEntry } from './metric-catalogue.js';
export {
  CALL_BUCKETS,
  DURATION_BUCKETS,
  FAILURE_REASONS,
  METRICS,
  OTHER,
  PUSH_OUTCOMES,
} from './metric-catalogue.js';
export type { MetricRegistry } from './metric-registry.js';
export type { FailureReason, PushOutcome } from './reasons.js';
export { EXPECTED_FAILURES, HAND_BACK_REASONS, reasonOf, refusalOf } from './reasons.js';
export { TaskCounter } from './task-counter.js';
