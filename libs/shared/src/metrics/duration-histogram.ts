import { DURATION_BUCKETS, type MetricEntry } from './metric-catalogue.js';
import type { MetricRegistry } from './metric-registry.js';

interface Series {
  readonly queue: string;
  readonly type: string;
  /** Not cumulative: one number a bucket, the last one for what is longer than all bounds. */
  readonly counts: number[];
  sum: number;
}

interface BucketSample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/**
 * A histogram of seconds by queue and type. prom-client's own checks and hashes its labels at each observation, which costs
 * a tiny task more than its handler; this one finds its series by two look-ups and hands prom-client plain values when it
 * is scraped.
 */
export class DurationHistogram {
  readonly #entry: MetricEntry;
  readonly #bounds: readonly number[];
  readonly #queues = new Map<string, Map<string, Series>>();

  constructor(registry: MetricRegistry, entry: MetricEntry) {
    this.#entry = entry;
    this.#bounds = entry.buckets ?? DURATION_BUCKETS;
    // A registry asks a metric for its name and its values, and no more.
    registry.registerMetric({ name: entry.name, get: () => this.#values() } as never);
  }

  observe(queue: string, type: string, seconds: number): void {
    const series = this.#queues.get(queue)?.get(type) ?? this.#open(queue, type);
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && seconds > (bounds[bucket] ?? 0)) bucket += 1;
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    series.sum += seconds;
  }

  #open(queue: string, type: string): Series {
    const types = this.#queues.get(queue) ?? new Map<string, Series>();
    const series = { queue, type, counts: [...this.#bounds, 0].map(() => 0), sum: 0 };
    this.#queues.set(queue, types.set(type, series));
    return series;
  }

  #values(): object {
    const { name, help } = this.#entry;
    const all = [...this.#queues.values()].flatMap((types) => [...types.values()]);
    const values = all.flatMap((series) => this.#valuesOf(series));
    return { name, help, type: 'histogram', values, aggregator: 'sum' };
  }

  #valuesOf({ queue, type, counts, sum }: Series): readonly BucketSample[] {
    const { name } = this.#entry;
    let total = 0;
    const buckets = counts.map((count, index) => {
      total += count;
      const le = this.#bounds[index] ?? '+Inf';
      return { metricName: `${name}_bucket`, labels: { le, queue, type }, value: total };
    });
    const labels = { queue, type };
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: total },
    ];
  }
}
