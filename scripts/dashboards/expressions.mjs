// What panels ask Prometheus, where more than one of them asks it.

/** The one that is chosen at the top of a dashboard. */
export const DATA_SOURCE = { type: 'prometheus', uid: '$datasource' };

/** The queues that are looked at. */
export const Q = 'queue=~"$queue"';

/** The queues and types that are looked at. */
export const QT = 'queue=~"$queue",type=~"$type"';

/** The processes that are looked at. */
export const I = 'instance=~"$instance"';

/**
 * How much a counter grows a second, summed.
 *
 * @param {string} series with its labels in braces
 * @param {string} [by] the labels that stay
 */
export const rate = (series, by) =>
  `sum${by ? ` by (${by})` : ''} (rate(${series}[$__rate_interval]))`;

/**
 * A quantile of a histogram.
 *
 * @param {number} quantile
 * @param {string} series of its buckets, with its labels in braces
 * @param {string} [by] the labels that stay
 */
export const quantile = (quantile, series, by) =>
  `histogram_quantile(${quantile}, ${rate(series, by ? `${by}, le` : 'le')})`;

/**
 * Of what ended for good, the share that failed or expired: 0 to 1; nothing where nothing ended.
 *
 * @param {string} [by] the labels that stay
 */
export const failureRatio = (by) =>
  `${rate(`goflow_tasks_finished_total{${QT},outcome=~"failed|expired"}`, by)} / (${rate(`goflow_tasks_finished_total{${QT}}`, by)} > 0)`;

/**
 * Of the slots, the share that is in use: 0 to 1.
 *
 * @param {string} labels in braces
 * @param {string} by the labels that stay
 */
export const utilisation = (labels, by) =>
  `${rate(`goflow_worker_busy_seconds_total{${labels}}`, by)} / (sum by (${by}) (goflow_worker_concurrency{${labels}}) > 0)`;

/** Of the memory that Redis may use, the share that it uses; nothing where it has no limit. */
export const MEMORY_RATIO =
  'max by (node) (goflow_redis_memory_used_bytes) / (max by (node) (goflow_redis_memory_max_bytes) > 0)';
