import type { Row, Summary } from './summary.js';
import { reachInWords } from './words.js';

/** One bar: a ratio, and the ratio that it must reach. */
interface Bar {
  readonly title: string;
  readonly value: number;
  readonly lowest: number;
  readonly highest: number;
  readonly reach: number;
  readonly reachText: string;
  readonly pass: boolean;
}

/** Bars that are read in the same way. */
interface Group {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 900;
const MARGIN = 16;
/** Where the axis begins and ends; to its left are the titles, to its right the figures. */
const AXIS = [330, 700] as const;
const ROW = 24;
const BAR = 12;
const TOP = 48;
/** Ratios that must be at least so high are a group of their own. */
const MANY = 4;
/** Between two lines of an axis: the first with which there are few enough. */
const STEPS = [0.25, 0.5, 1, 2, 5, 10];

/** Has its own ground, so that it can be read on light and dark pages. */
const STYLE = `
  .ground { fill: #ffffff }
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .group { font-weight: 600 }
  .small { font-size: 11px; fill: #59636e }
  .grid { stroke: #d1d9e0 }
  .even { stroke: #818b98 }
  .reached { fill: #1a7f64 }
  .missed { fill: #c4501b }
  .spread { stroke: #1f2328; stroke-opacity: 0.55 }
  .reach { stroke: #1f2328; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 }
    text { fill: #e6edf3 }
    .small { fill: #9198a1 }
    .grid { stroke: #30363d }
    .even { stroke: #6e7681 }
    .reached { fill: #2ea88a }
    .missed { fill: #e8793f }
    .spread { stroke: #e6edf3; stroke-opacity: 0.6 }
    .reach { stroke: #e6edf3 }
  }`;

/** The result as an SVG: a bar for each ratio, with a mark at what must be reached. */
export function toChart(summaries: readonly Summary[]): string {
  const rows = summaries.flatMap((summary) => summary.rows);
  const groups = groupsOf(rows.filter(({ judged }) => judged !== undefined));
  const lines = groups.reduce((sum, { bars }) => sum + bars.length + 2, 0);
  const height = TOP + lines * ROW;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="goflow against raw BullMQ">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}" rx="6"/>`,
    text([MARGIN, 26], 'goflow against raw BullMQ, measured in one run', 'group'),
    text(
      [WIDTH - MARGIN, 26],
      'thick line: to be reached; thin line: lowest to highest',
      'small end',
    ),
    ...groupParts(groups),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

/** Each has a scale of its own: one bar of 13 would make those around 1 unreadable. */
function groupsOf(rows: readonly Row[]): readonly Group[] {
  const isMore = ({ reach }: Row): boolean => reach.is === '>=';
  const isMany = ({ reach }: Row): boolean => reach.than >= MANY;
  const of = (what: Row['reach']['of']): readonly Row[] =>
    rows.filter(({ reach }) => reach.of === what);
  const more = of('ratio').filter(isMore);
  const groups = [
    { title: 'goflow : BullMQ, more is better', rows: more.filter((row) => !isMany(row)) },
    { title: 'goflow : BullMQ, more is better, other scale', rows: more.filter(isMany) },
    { title: 'goflow : BullMQ, less is better', rows: of('ratio').filter((row) => !isMore(row)) },
    { title: 'goflow : itself, more is better', rows: of('itself') },
    { title: 'share of a limit, less is better', rows: of('limit') },
  ];
  return groups
    .filter((group) => group.rows.length > 0)
    .map((group) => ({ title: group.title, bars: group.rows.map(barOf) }));
}

/** A limit has no ratio of its own: the bar is the share of it that was taken. */
function barOf({ title, unit, reach, judged, pass }: Row): Bar {
  const { median = 1, lowest = 1, highest = 1 } = judged ?? {};
  const by = reach.of === 'limit' ? reach.than : 1;
  return {
    title,
    value: median / by,
    lowest: lowest / by,
    highest: highest / by,
    reach: reach.than / by,
    reachText: reachInWords(reach, unit),
    pass,
  };
}

/** Where a ratio is on the axis, which begins at 0. */
interface Scale {
  readonly ticks: readonly number[];
  readonly x: (ratio: number) => number;
}

function scaleOf(bars: readonly Bar[]): Scale {
  const most = Math.max(1, ...bars.flatMap(({ highest, reach }) => [highest, reach])) * 1.02;
  const step = STEPS.find((one) => most / one <= 6) ?? most;
  const count = Math.ceil(most / step);
  const [left, right] = AXIS;
  return {
    ticks: Array.from({ length: count + 1 }, (_, index) => index * step),
    x: (ratio) => Math.round((left + (ratio / (count * step)) * (right - left)) * 10) / 10,
  };
}

function groupParts(groups: readonly Group[]): string[] {
  const parts: string[] = [];
  let y = TOP;
  for (const { title, bars } of groups) {
    const scale = scaleOf(bars);
    parts.push(
      text([MARGIN, y + ROW - 8], title, 'group'),
      axis(scale, y + ROW, bars.length * ROW),
    );
    y += ROW;
    for (const bar of bars) {
      parts.push(barParts(bar, y, scale));
      y += ROW;
    }
    y += ROW;
  }
  return parts;
}

function axis({ ticks, x }: Scale, y: number, height: number): string {
  return ticks
    .flatMap((tick) => [
      line([x(tick), y - 3], [x(tick), y + height], tick === 1 ? 'even' : 'grid'),
      text([x(tick), y - 8], `${tick}`, 'small middle'),
    ])
    .join('\n');
}

function barParts(bar: Bar, y: number, { x }: Scale): string {
  const middle = y + ROW / 2;
  const width = (x(bar.value) - AXIS[0]).toFixed(1);
  const verdict = bar.pass ? 'reached' : 'missed';
  return [
    text([MARGIN + 8, middle + 4], bar.title),
    `<rect class="${verdict}" x="${AXIS[0]}" y="${middle - BAR / 2}" width="${width}" height="${BAR}" rx="1.5"/>`,
    line([x(bar.lowest), middle], [x(bar.highest), middle], 'spread'),
    line([x(bar.reach), y + 3], [x(bar.reach), y + ROW - 3], 'reach'),
    text([AXIS[1] + 58, middle + 4], bar.value.toFixed(2), 'group end'),
    text([AXIS[1] + 70, middle + 4], `${bar.reachText}${bar.pass ? '' : ', not reached'}`, 'small'),
  ].join('\n');
}

type Point = readonly [x: number, y: number];

function line([x1, y1]: Point, [x2, y2]: Point, kind: string): string {
  return `<line class="${kind}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
}

/** @param kind classes, and where the text is held: at its end, its middle, otherwise its beginning */
function text([x, y]: Point, words: string, kind = ''): string {
  const anchor = /\b(end|middle)\b/.exec(kind)?.[1] ?? 'start';
  return `<text class="${kind}" x="${x}" y="${y}" text-anchor="${anchor}">${escaped(words)}</text>`;
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
