// Panels, as the dashboards of goflow have them: a curve of each series, or one figure.
import {
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import { DATA_SOURCE } from './expressions.mjs';

/**
 * @typedef {readonly [expr: string, legend: string]} Line An expression, and the name of each of its series.
 */

/**
 * @typedef {object} PanelOptions
 * @property {string} title
 * @property {string} says What it shows, and what to do about it.
 * @property {string} [unit] Grafana's name of it. Default: plain numbers.
 * @property {number} [width] Of 24.
 * @property {number} [limit] What is above it is red.
 * @property {number} [warn] What is above it is orange.
 */

/** How the limit of an alert is drawn. */
const LINE = GraphThresholdsStyleMode.Dashed;

/**
 * Curves over time.
 *
 * @param {PanelOptions & { lines: readonly Line[], isStacked?: boolean, max?: number }} options
 */
export function graph(options) {
  const { lines, width = 12, isStacked = false, limit } = options;
  const panel = new timeseries.PanelBuilder()
    .span(width)
    .height(8)
    .min(0)
    .fillOpacity(isStacked ? 30 : 8)
    .showPoints(VisibilityMode.Never)
    .stacking(new StackingConfigBuilder().mode(isStacked ? StackingMode.Normal : StackingMode.None))
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(['lastNotNull', 'max']),
    )
    .tooltip(
      new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending),
    );
  if (options.max !== undefined) panel.max(options.max);
  if (limit !== undefined)
    panel.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(LINE));
  return described(panel, options, lines);
}

/**
 * One figure: the latest.
 *
 * @param {PanelOptions & { expr: string, below?: number }} options `below` it, it is red
 */
export function figure(options) {
  const panel = new stat.PanelBuilder()
    .span(options.width ?? 3)
    .height(4)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']));
  return described(panel, options, [[options.expr, options.title]]);
}

/**
 * @template {stat.PanelBuilder | timeseries.PanelBuilder} P
 * @param {P} panel
 * @param {PanelOptions & { below?: number }} options
 * @param {readonly Line[]} lines
 * @returns {P}
 */
function described(panel, options, lines) {
  const { title, says, unit = 'short' } = options;
  panel.title(title).description(says).unit(unit).thresholds(stepsOf(options));
  lines.forEach(([expr, legend], index) => {
    const refId = String.fromCharCode('A'.charCodeAt(0) + index);
    panel.withTarget(new DataqueryBuilder().refId(refId).expr(expr).legendFormat(legend).range());
  });
  panel.datasource(DATA_SOURCE);
  return panel;
}

/** @param {{ limit?: number, warn?: number, below?: number }} options */
function stepsOf({ limit, warn, below }) {
  const first = { value: null, color: below === undefined ? 'green' : 'red' };
  const steps = [
    ...(below === undefined ? [] : [{ value: below, color: 'green' }]),
    ...(warn === undefined ? [] : [{ value: warn, color: 'orange' }]),
    ...(limit === undefined ? [] : [{ value: limit, color: 'red' }]),
  ];
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([first, ...steps]);
}
