// A dashboard of goflow: rows of panels, the variables that narrow them, links to the others and to goflow's own dashboard.
import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATA_SOURCE } from './expressions.mjs';

/**
 * @typedef {ReturnType<typeof import('./panel.mjs').graph> | ReturnType<typeof import('./panel.mjs').figure>} Panel
 * @typedef {readonly [title: string, panels: readonly Panel[]]} Row
 * @typedef {keyof typeof VARIABLES} Variable
 */

/**
 * @typedef {object} BoardOptions
 * @property {string} uid Also the name of its file.
 * @property {string} title
 * @property {string} says
 * @property {readonly Variable[]} variables
 * @property {string} page Of goflow's dashboard: what is linked, below `/dashboard`.
 * @property {readonly Row[]} rows
 */

/** What narrows the panels, and where its values are had from. Each process has the series of `instance`; other programs have not. */
const VARIABLES = {
  queue: { label: 'Queue', query: 'label_values(goflow_queue_tasks, queue)' },
  type: {
    label: 'Type',
    query: 'label_values(goflow_tasks_finished_total{queue=~"$queue"}, type)',
  },
  instance: { label: 'Process', query: 'label_values(goflow_exporter_elected, instance)' },
};

/**
 * A dashboard, as Grafana reads it.
 *
 * @param {BoardOptions} options
 */
export function board({ uid, title, says, variables, page, rows }) {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(says)
    .tags(['goflow'])
    .tooltip(DashboardCursorSync.Crosshair)
    .refresh('10s')
    .time({ from: 'now-30m', to: 'now' })
    .links([toTheOthers(), toGoflow(page)])
    .withVariable(dataSource());
  for (const name of variables) builder.withVariable(variable(name));
  builder.withVariable(gateway());
  let id = 0;
  for (const [name, panels] of rows) {
    id += 1;
    builder.withRow(new RowBuilder(name).id(id));
    for (const panel of panels) {
      id += 1;
      builder.withPanel(panel.id(id));
    }
  }
  return builder.build();
}

function dataSource() {
  return new DatasourceVariableBuilder('datasource')
    .label('Data source')
    .type('prometheus')
    .current({ text: 'Prometheus', value: 'goflow-prometheus' });
}

/** @param {Variable} name */
function variable(name) {
  const { label, query } = VARIABLES[name];
  const made = new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATA_SOURCE)
    .query({ query, refId: name })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .current({ text: ['All'], value: ['$__all'] });
  // Of all instances, those that are listed: other programs have Node's metrics, too.
  return name === 'instance' ? made : made.allValue('.*');
}

/** Where goflow's dashboard is: it differs from place to place. */
function gateway() {
  const address = 'http://localhost:8080';
  return new TextBoxVariableBuilder('gateway')
    .label('goflow gateway')
    .defaultValue(address)
    .current({ text: address, value: address });
}

function toTheOthers() {
  return link(
    new DashboardLinkBuilder('goflow')
      .type(DashboardLinkType.Dashboards)
      .tags(['goflow'])
      .includeVars(true)
      .keepTime(true),
  );
}

/** @param {string} page */
function toGoflow(page) {
  return link(
    new DashboardLinkBuilder('Administer')
      .type(DashboardLinkType.Link)
      .icon('external link')
      .tooltip('goflow’s own dashboard: find tasks, redrive dead letters, steer workers')
      .url(`\${gateway}/dashboard${page}`)
      .targetBlank(true),
  );
}

/**
 * Beside the title, not within the menu, where the builder puts it.
 *
 * @param {DashboardLinkBuilder} builder
 */
function link(builder) {
  const { placement: _menu, ...made } = builder.build();
  return { build: () => made };
}
