import type { MetricEntry } from './metric-catalogue.js';
import type { MetricRegistry } from './metric-registry.js';

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  value: number;
}

/**
 * A counter of tasks by queue, type and outcome: the one that counts every task. Like {@link DurationHistogram} it finds its
 * series by look-ups, where prom-client's own checks and hashes its labels each time.
 */
export class TaskCounter {
  readonly #entry: MetricEntry;
  readonly #queues = new Map<string, Map<string, Map<string, Series>>>();
  readonly #series: Series[] = [];

  constructor(registry: MetricRegistry, entry: MetricEntry) {
    this.#entry = entry;
    registry.registerMetric({ name: entry.name, get: () => this.#values() } as never);
  }

  /** Counts one task more, or `by` more: 0 shows the series from the start. */
  count(labels: Readonly<Record<'queue' | 'type' | 'outcome', string>>, by = 1): void {
    const { queue, type, outcome } = labels;
    const series = this.#queues.get(queue)?.get(type)?.get(outcome) ?? this.#open(labels);
    series.value += by;
  }

  #open(labels: Readonly<Record<'queue' | 'type' | 'outcome', string>>): Series {
    const series = { labels, value: 0 };
    const types = this.#queues.get(labels.queue) ?? new Map<string, Map<string, Series>>();
    const outcomes = types.get(labels.type) ?? new Map<string, Series>();
    this.#queues.set(labels.queue, types.set(labels.type, outcomes.set(labels.outcome, series)));
    this.#series.push(series);
    return series;
  }

  #values(): object {
    const { name, help } = this.#entry;
    return { name, help, type: 'counter', values: this.#series, aggregator: 'sum' };
  }
}
