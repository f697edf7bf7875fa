import { METRICS, type MetricEntry } from '@goflow/telemetry';

/** Given by Prometheus to whatever it scrapes. */
const TARGET_LABELS = ['instance', 'job'];

/** What panels may ask for that goflow does not show itself, with its labels. */
const OF_OTHERS: readonly (readonly [name: string, labels: readonly string[]])[] = [
  ['ALERTS', ['alertname', 'alertstate']],
  ['nodejs_eventloop_lag_p99_seconds', []],
  ['nodejs_heap_size_used_bytes', []],
  ['process_cpu_seconds_total', []],
  ['process_resident_memory_bytes', []],
];

const ENTRIES = Object.values<MetricEntry>(METRICS);

/** The names under which Prometheus stores what the catalogue lists, and what others show, with their labels. */
const SERIES = new Map([
  ...ENTRIES.flatMap(({ name, kind, labels }) =>
    kind === 'histogram'
      ? [
          [`${name}_bucket`, [...labels, 'le']] as const,
          [`${name}_sum`, labels] as const,
          [`${name}_count`, labels] as const,
        ]
      : [[name, labels] as const],
  ),
  ...OF_OTHERS,
]);

/** Those of the catalogue that only grow. */
const COUNTERS = [...SERIES.keys()].filter((name) => /_(total|bucket|sum|count)$/.test(name));

/** What an expression asks for: metrics, and what rules have recorded. */
export function namesIn(expr: string): readonly string[] {
  const code = expr.replaceAll(/"[^"]*"/g, '""');
  const selected = [...code.matchAll(/([a-zA-Z_:][\w:]*)(?=[{[])/g)].map(([, name = '']) => name);
  return [...new Set([...selected, ...(code.match(/[a-z_]*:?goflow_[\w:]+/g) ?? [])])];
}

/** What an expression says wrongly: metrics that there are not, labels that they do not have. `shown` are those of a legend. */
export function mistakesIn(
  expr: string,
  { recorded = [], shown = [] }: { recorded?: readonly string[]; shown?: readonly string[] } = {},
): readonly string[] {
  const names = namesIn(expr);
  const labelsOf = (name: string): readonly string[] | undefined =>
    recorded.includes(name) ? levelOf(name) : SERIES.get(name);
  const unknown = names.filter((name) => labelsOf(name) === undefined);
  const labels = new Set([...TARGET_LABELS, ...names.flatMap((name) => labelsOf(name) ?? [])]);
  const used = [...groupedBy(expr), ...selectedBy(expr), ...shown];
  return [
    ...unknown.map((name) => `no metric ${name}`),
    ...used.filter((label) => !labels.has(label)).map((label) => `no label ${label}`),
    ...bareCountersIn(expr).map((name) => `${name} without a rate`),
  ];
}

/** The labels of what is recorded as `queue_type:metric:operation`: queue, type. */
export const levelOf = (recorded: string): readonly string[] =>
  (recorded.split(':')[0] ?? '').split('_');

/** The metrics of the catalogue that none of the expressions asks for. */
export function missingFrom(exprs: readonly string[]): readonly string[] {
  const asked = new Set(exprs.flatMap(namesIn));
  return ENTRIES.map(({ name }) => name).filter(
    (name) =>
      ![name, `${name}_bucket`, `${name}_sum`, `${name}_count`].some((one) => asked.has(one)),
  );
}

/** `sum by (type, le) (…)` → type, le; `on (queue)` → queue */
const groupedBy = (expr: string): string[] =>
  [...expr.matchAll(/\b(?:by|on) \(([^)]+)\)/g)].flatMap(([, labels = '']) => labels.split(/,\s*/));

/** `{queue="default",state=~"waiting"}` → queue, state */
const selectedBy = (expr: string): string[] =>
  [...expr.matchAll(/(\w+)=~?"/g)].map(([, label = '']) => label);

/** Without a rate they say how long processes have lived; their greatest says since when nothing has happened. */
function bareCountersIn(expr: string): readonly string[] {
  return COUNTERS.filter((name) =>
    new RegExp(`(?<!rate\\(|increase\\(|^max\\()\\b${name}\\b`).test(expr),
  );
}
