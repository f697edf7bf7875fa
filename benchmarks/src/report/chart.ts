import type { Row, Summary } from './summary.js';
import { line, strip, text, whisker } from './svg.js';
import { limitInWords, reachInWords, valueInWords } from './words.js';

/** One bar: a ratio, and the ratio that it must reach. */
interface Bar {
  readonly title: string;
  readonly value: number;
  /** What was measured: the ratio, or goflow's figure with its unit where that has a limit. */
  readonly valueText: string;
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

const WIDTH = 940;
const MARGIN = 16;
/** Where the axis begins and ends; to its left are the titles, to its right the figures. */
const AXIS = [360, 700] as const;
/** Where the figures end, and where what must be reached begins. */
const FIGURES = [764, 776] as const;
const ROW = 24;
const BAR = 12;
const TOP = 48;
/** What follows the bars of a group: the numbers of its axis, and some space. */
const FOOT = 32;
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
  .halo { stroke: #ffffff; stroke-width: 4.5; fill: none }
  .spread { stroke: #1f2328; stroke-width: 1.5; fill: none }
  .reach { stroke: #1f2328; stroke-width: 2.5 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 }
    text { fill: #e6edf3 }
    .small { fill: #9198a1 }
    .grid { stroke: #30363d }
    .even { stroke: #6e7681 }
    .reached { fill: #2ea88a }
    .missed { fill: #e8793f }
    .halo { stroke: #0d1117 }
    .spread { stroke: #e6edf3 }
    .reach { stroke: #e6edf3 }
  }`;

/** The result as an SVG: a bar for each ratio, with a mark at what must be reached. */
export function toChart(summaries: readonly Summary[]): string {
  const rows = summaries.flatMap((summary) => summary.rows);
  const groups = groupsOf(rows.filter(({ judged }) => judged !== undefined));
  const height = groups.reduce((sum, group) => sum + heightOf(group), TOP);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="goflow against raw BullMQ">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}" rx="6"/>`,
    text([MARGIN, 26], 'goflow against raw BullMQ, measured in one run', 'group'),
    ...groupParts(groups),
    legend(26),
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
    { title: 'share of a fixed limit, less is better', rows: of('limit') },
  ];
  return groups
    .filter((group) => group.rows.length > 0)
    .map((group) => ({ title: group.title, bars: group.rows.map(barOf) }));
}

/** A limit has no ratio of its own: the bar is the share of it that was taken, the words are the figure and the limit. */
function barOf({ title, unit, reach, judged, pass }: Row): Bar {
  const { median = 1, lowest = 1, highest = 1 } = judged ?? {};
  const isLimit = reach.of === 'limit';
  const by = isLimit ? reach.than : 1;
  return {
    title,
    value: median / by,
    valueText: valueInWords(median, isLimit ? unit : 'x'),
    lowest: lowest / by,
    highest: highest / by,
    reach: reach.than / by,
    reachText: isLimit ? `limit ${limitInWords(reach, unit)}` : reachInWords(reach, unit),
    pass,
  };
}

/** A title, the bars, the numbers of the axis. */
function heightOf({ bars }: Group): number {
  return ROW + bars.length * ROW + FOOT;
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
  for (const group of groups) {
    const { title, bars } = group;
    const scale = scaleOf(bars);
    parts.push(text([MARGIN, y + ROW - 8], title, 'group'));
    parts.push(axis(scale, y + ROW, bars.length * ROW));
    for (const [index, bar] of bars.entries())
      parts.push(barParts(bar, y + ROW * (index + 1), scale));
    y += heightOf(group);
  }
  return parts;
}

/** The numbers stand below the bars: titles of groups are long. */
function axis({ ticks, x }: Scale, y: number, height: number): string {
  return ticks
    .flatMap((tick) => [
      line([x(tick), y], [x(tick), y + height + 3], tick === 1 ? 'even' : 'grid'),
      text([x(tick), y + height + 15], `${tick}`, 'small middle'),
    ])
    .join('\n');
}

function barParts(bar: Bar, top: number, { x }: Scale): string {
  const y = top + ROW / 2;
  return [
    text([MARGIN + 8, y + 4], bar.title),
    strip({ from: AXIS[0], to: x(bar.value), y }, BAR, bar.pass ? 'reached' : 'missed'),
    whisker({ from: x(bar.lowest), to: x(bar.highest), y }),
    line([x(bar.reach), y - 9], [x(bar.reach), y + 9], 'reach'),
    text([FIGURES[0], y + 4], bar.valueText, 'group end'),
    text([FIGURES[1], y + 4], `${bar.reachText}${bar.pass ? '' : ', not reached'}`, 'small'),
  ].join('\n');
}

/** What the marks mean, in one line that ends at the right margin. */
function legend(baseline: number): string {
  const y = baseline - 4;
  const entries = [
    { x: 514, words: 'reached', mark: strip({ from: 494, to: 508, y }, BAR, 'reached') },
    { x: 600, words: 'not reached', mark: strip({ from: 580, to: 594, y }, BAR, 'missed') },
    { x: 704, words: 'to be reached', mark: line([696, y - 9], [696, y + 9], 'reach') },
    { x: 828, words: 'lowest to highest', mark: whisker({ from: 804, to: 822, y }) },
  ];
  const parts = entries.flatMap(({ x, words, mark }) => [
    mark,
    text([x, baseline], words, 'small'),
  ]);
  return ['<g class="legend">', ...parts, '</g>'].join('\n');
}
