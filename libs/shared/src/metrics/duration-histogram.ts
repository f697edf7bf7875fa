import { DURATION_BUCKETS, type MetricEntry } from './metric-catalogue.js';
import type { MetricRegistry } from './metric-registry.js';

/** A line of what is scraped. Kept, so that who writes it writes its labels once. */
interface Line {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  value: number;
}

interface Series {
  /** Not cumulative: one number a bucket, the last one for what is longer than all bounds. */
  readonly counts: number[];
  sum: number;
  /** Those of the buckets, of the sum and of the count, in this order. */
  readonly lines: readonly Line[];
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
    const { name } = this.#entry;
    const bounds = [...this.#bounds, '+Inf'];
    const lineOf = (metricName: string, le?: number | string): Line => ({
      metricName,
      labels: le === undefined ? { queue, type } : { le, queue, type },
      value: 0,
    });
    const buckets = bounds.map((le) => lineOf(`${name}_bucket`, le));
    const lines = [...buckets, lineOf(`${name}_sum`), lineOf(`${name}_count`)];
    const series = { counts: bounds.map(() => 0), sum: 0, lines };
    this.#queues.set(queue, types.set(type, series));
    return series;
  }

  #values(): object {
    const { name, help } = this.#entry;
    const values: Line[] = [];
    for (const types of this.#queues.values())
      for (const series of types.values()) values.push(...upToDate(series));
    return { name, help, type: 'histogram', values, aggregator: 'sum' };
  }
}

function upToDate({ counts, sum, lines }: Series): readonly Line[] {
  let total = 0;
  for (const [index, line] of lines.entries()) {
    total += counts[index] ?? 0;
    line.value = index === counts.length ? sum : total;
  }
  return lines;
}
