import type { MetricEntry } from './metric-catalogue.js';
import type { MetricRegistry } from './metric-registry.js';

/** One series, and what it is at. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Adds a metric whose values are found out when it is scraped: none is left of before. */
export function addComputed(
  registry: MetricRegistry,
  { name, help, kind }: MetricEntry,
  read: () => readonly Sample[] | Promise<readonly Sample[]>,
): void {
  // A registry asks a metric for its name and its values, and no more.
  const metric = {
    name,
    get: async () => ({ name, help, type: kind, values: await read(), aggregator: 'sum' }),
  };
  registry.registerMetric(metric as never);
}

/** The one series of a metric without labels. */
export const single = (value: number): readonly Sample[] => [{ labels: {}, value }];
