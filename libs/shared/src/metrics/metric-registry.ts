/**
 * What a metric is added to: prom-client's `Registry`, known by its shape, so that who shows metrics brings prom-client, and who only counts does not.
 * It asks a metric for its name and its values, and no more.
 */
export interface MetricRegistry {
  registerMetric(metric: never): void;
}
