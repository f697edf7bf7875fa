import { readdirSync, readFileSync } from 'node:fs';
import { METRICS, type MetricEntry } from '@goflow/telemetry';
import { describe, expect, test } from 'vitest';

// Nothing tells that a panel stays empty because its metric has another name: only this.

const DASHBOARDS = new URL('../../../deploy/grafana/dashboards/', import.meta.url);

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly type: string;
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly definition?: string }[];
  };
}

/** The names under which Prometheus stores what the catalogue lists, with their labels. */
const series = new Map(
  Object.values<MetricEntry>(METRICS).flatMap(({ name, kind, labels }) =>
    kind === 'histogram'
      ? [
          [`${name}_bucket`, [...labels, 'le']] as const,
          [`${name}_sum`, labels] as const,
          [`${name}_count`, labels] as const,
        ]
      : [[name, labels] as const],
  ),
);

/** Given by Prometheus to whatever it scrapes. */
const TARGET_LABELS = ['instance', 'job'];

const namesIn = (expression: string): string[] => expression.match(/goflow_\w+/g) ?? [];

/** `sum by (type, le) (…)` → type, le */
const groupedBy = (expression: string): string[] =>
  [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(/,\s*/));

/** `{queue="default",state="waiting"}` → queue, state */
const selectedBy = (expression: string): string[] =>
  [...expression.matchAll(/(\w+)=~?"/g)].map(([, label = '']) => label);

const files = readdirSync(DASHBOARDS).filter((file) => file.endsWith('.json'));

test('there is a dashboard', () => {
  expect(files).toContain('goflow-overview.json');
});

describe.each(files)('%s', (file) => {
  const dashboard = JSON.parse(readFileSync(new URL(file, DASHBOARDS), 'utf8')) as Dashboard;
  const targets = dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map((target) => ({ title, ...target })),
  );
  const definitions = dashboard.templating.list.flatMap(({ definition }) => definition ?? []);
  const expressions = [...targets.map(({ expr }) => expr), ...definitions];

  test('asks only for metrics that workers have', () => {
    const asked = expressions.flatMap(namesIn);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((name) => !series.has(name))).toEqual([]);
  });

  test.each(targets)(
    '$title: $legendFormat uses labels that its metrics have',
    ({ expr, legendFormat }) => {
      const labels = new Set([
        ...TARGET_LABELS,
        ...namesIn(expr).flatMap((name) => series.get(name) ?? []),
      ]);
      const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
      const used = [...groupedBy(expr), ...selectedBy(expr), ...shown];
      expect(used.filter((label) => !labels.has(label))).toEqual([]);
    },
  );

  test('asks for rates of counters and for buckets in quantiles', () => {
    const counters = [...series.keys()].filter((name) => /_(total|bucket|sum|count)$/.test(name));
    const bare = targets.filter(({ expr }) =>
      counters.some((name) => new RegExp(`(?<!rate\\()${name}\\b`).test(expr)),
    );
    expect(bare.map(({ title }) => title)).toEqual([]);
  });

  test('shows every metric of the catalogue', () => {
    const asked = new Set(expressions.flatMap(namesIn).map(catalogueName));
    expect(Object.values<MetricEntry>(METRICS).filter(({ name }) => !asked.has(name))).toEqual([]);
  });

  test('has panels of different ids, each with a question', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const empty = dashboard.panels.filter(
      ({ type, targets = [] }) => type !== 'row' && targets.length === 0,
    );
    expect(empty).toEqual([]);
  });
});

function catalogueName(name: string): string {
  const entries = Object.values<MetricEntry>(METRICS);
  const base = name.replace(/_(bucket|sum|count)$/, '');
  return entries.some((entry) => entry.name === base) ? base : name;
}
