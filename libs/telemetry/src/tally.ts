import { addComputed, type MetricEntry, type MetricRegistry } from '@goflow/shared/metrics';

type Labels = Readonly<Record<string, string>>;

/** Counts one more, or `by` more: 0 shows the series from the start. */
export type Count = (labels: Labels, by?: number) => void;

/** A counter of what is told by many labels and happens seldom; prom-client's own take ten times as long to write at each scrape. */
export function tally(registry: MetricRegistry, entry: MetricEntry): Count {
  const series = new Map<string, { readonly labels: Labels; value: number }>();
  addComputed(registry, entry, () => [...series.values()]);
  return (labels, by = 1) => {
    const key = entry.labels.map((label) => labels[label]).join('\n');
    const one = series.get(key) ?? { labels, value: 0 };
    one.value += by;
    series.set(key, one);
  };
}
