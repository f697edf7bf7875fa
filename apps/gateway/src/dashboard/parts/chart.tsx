import { spell } from '@goflow/shared';
import type { VNode } from 'preact';

/** One value of a chart. */
export interface ChartPoint {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly value: number;
}

/** What a {@link Chart} shows. */
export interface ChartProps {
  /** What the values are, for who does not see it: `tasks waiting`. */
  readonly what: string;
  readonly points: readonly ChartPoint[];
  /** When it ends, and how long before it begins. */
  readonly at: number;
  readonly overMs: number;
}

const SIZE = { width: 300, height: 40 };
/** Room for the line at the top and the bottom. */
const EDGE = 2;

/** A line over time, from 0 to the highest value. Where nothing is known there is no line. */
export function Chart({ what, points, at, overMs }: ChartProps): VNode {
  const highest = Math.max(0, ...points.map(({ value }) => value));
  const last = points.at(-1)?.value ?? 0;
  const spelled = `${what} in the last ${spell(overMs)}: ${last} now, ${highest} at most`;
  const x = (point: ChartPoint): string => (SIZE.width * (1 - (at - point.at) / overMs)).toFixed(1);
  const y = ({ value }: ChartPoint): string =>
    (SIZE.height - EDGE - (value / Math.max(1, highest)) * (SIZE.height - 2 * EDGE)).toFixed(1);
  const shown = points.filter((point) => point.at >= at - overMs && point.at <= at);
  const line = shown.map((point) => `${x(point)} ${y(point)}`).join('L');
  const [first, end] = [shown[0], shown.at(-1)];
  return (
    <svg
      class="chart"
      viewBox={`0 0 ${SIZE.width} ${SIZE.height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={spelled}
    >
      <title>{spelled}</title>
      {first && end && (
        <>
          <path class="area" d={`M${x(first)} ${SIZE.height}L${line}L${x(end)} ${SIZE.height}Z`} />
          <path class="line" d={`M${line}`} />
        </>
      )}
    </svg>
  );
}
