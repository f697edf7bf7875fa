import { expect, test } from 'vitest';
import { SCENARIOS } from '../scenarios/all.js';
import { toChart } from './chart.js';
import { LIMIT, RATE, round, SCALE, summaryOf, TIME } from './rig.test-d.js';
import { summarise } from './summary.js';

/** The attributes of all elements of one kind and class, as numbers, without those that explain the marks. */
function elements(chart: string, start: string): Record<string, number>[] {
  const [bars = ''] = chart.split('<g class="legend">');
  return [...bars.matchAll(new RegExp(`<${start}([^>]*)/>`, 'g'))].map(([, attributes = '']) =>
    Object.fromEntries(
      [...attributes.matchAll(/(\w+)="([\d.]+)"/g)].map(([, name, value]) => [name, Number(value)]),
    ),
  );
}

/** Where the ranges begin and end. */
function ranges(chart: string): (readonly [from: number, to: number])[] {
  const [bars = ''] = chart.split('<g class="legend">');
  const paths = bars.matchAll(/class="spread" d="M[\d.]+ [\d.]+V[\d.]+M([\d.]+) [\d.]+H([\d.]+)M/g);
  return [...paths].map(([, from, to]) => [Number(from), Number(to)]);
}

/** Where texts of one class begin and end, about: of a wide font, by what one letter takes on average. */
function textEnds(chart: string, kind: string, letter: number): (readonly [number, number])[] {
  const texts = chart.matchAll(
    new RegExp(`<text class="${kind}" x="(\\d+)"[^>]*anchor="(\\w+)">([^<]*)<`, 'g'),
  );
  return [...texts].map(([, x, anchor, words = '']) => {
    const width = words.replaceAll(/&\w+;/g, '<').length * letter;
    return anchor === 'end' ? [Number(x) - width, Number(x)] : [Number(x), Number(x) + width];
  });
}

const FIGURES = [RATE, TIME, SCALE, LIMIT];
const ROUNDS = [
  round({ rate: 130, p99: 2, 'of 8': 0.98, import: 120 }, { rate: 100, p99: 1 }),
  round({ rate: 150, p99: 2, 'of 8': 0.98, import: 120 }, { rate: 100, p99: 1 }),
];
const chart = toChart([summaryOf(FIGURES, ROUNDS)]);

test('every tag that is opened is closed, and words are escaped', () => {
  const open: string[] = [];
  for (const [, closing, name = '', rest = ''] of chart.matchAll(/<(\/?)([a-z]+)([^<>]*)>/g)) {
    if (closing === '/') expect(open.pop()).toBe(name);
    else if (!rest.endsWith('/')) open.push(name);
  }
  expect(open).toEqual([]);
  expect(chart).toContain('push &lt;fast&gt; &amp; far');
  expect(chart).not.toMatch(/NaN|undefined|Infinity/);
});

test('a bar is as long as its ratio, and the mark stands at what must be reached', () => {
  const [bar] = elements(chart, 'rect class="reached"');
  const [mark] = elements(chart, 'line class="reach"');
  const [even] = elements(chart, 'line class="even"');
  const [start, one] = [bar?.x ?? 0, (even?.x1 ?? 0) - (bar?.x ?? 0)];
  expect((bar?.width ?? 0) / one).toBeCloseTo(1.4, 2);
  expect(((mark?.x1 ?? 0) - start) / one).toBeCloseTo(1.25, 2);
  const [[from, to] = [0, 0]] = ranges(chart);
  expect((from - start) / one).toBeCloseTo(1.3, 2);
  expect((to - start) / one).toBeCloseTo(1.5, 2);
});

test('what is not reached looks different, and says so', () => {
  expect(elements(chart, 'rect class="missed"')).toHaveLength(1);
  expect(chart).toContain('&lt; 1.0, not reached');
});

test('of a limit the bar is the share that was taken, and the words are the figure and the limit', () => {
  expect(chart).toMatch(/>120 ms<.*\n.*>limit 150 ms</);
  const bar = elements(chart, 'rect class="reached"').at(-1);
  const mark = elements(chart, 'line class="reach"').at(-1);
  expect((bar?.width ?? 0) / ((mark?.x1 ?? 0) - (bar?.x ?? 0))).toBeCloseTo(0.8, 2);
});

test('titles end before the bars, figures begin behind the axis, and all words stay inside', () => {
  const figures = SCENARIOS.flatMap((scenario) => scenario.figures('full'));
  // Three digits, and not reached: more words than any run has.
  const all = figures.map(({ key, reach }) => [key, reach.of === 'ratio' ? 1 : 999] as const);
  const values = Object.fromEntries(all);
  const widest = toChart([summaryOf(figures, [round(values, values)])]);
  const width = Number(/viewBox="0 0 (\d+)/.exec(widest)?.[1]);
  const [bar] = elements(widest, 'rect class="(?:reached|missed)"');
  const axis = elements(widest, 'line class="grid"').map(({ x1 = 0 }) => x1);
  for (const [, end] of textEnds(widest, '', 7)) expect(end).toBeLessThan(bar?.x ?? 0);
  const beside = textEnds(widest, 'group end', 9);
  const reaches = textEnds(widest, 'small', 6).slice(0, beside.length);
  expect(beside).toHaveLength(figures.length);
  for (const [index, [start, end]] of beside.entries()) {
    expect(start).toBeGreaterThan(Math.max(...axis) - 1);
    expect(end).toBeLessThan(reaches[index]?.[0] ?? 0);
  }
  for (const [, end] of textEnds(widest, 'small', 6)) expect(end).toBeLessThan(width);
});

test('nothing stands outside of the picture', () => {
  const [, width = 0, height = 0] = /viewBox="0 0 (\d+) (\d+)"/.exec(chart)?.map(Number) ?? [];
  for (const element of [...elements(chart, 'line'), ...elements(chart, 'rect')]) {
    expect((element.x ?? element.x1 ?? 0) + (element.width ?? 0)).toBeLessThanOrEqual(width);
    expect(element.x2 ?? 0).toBeLessThanOrEqual(width);
    expect((element.y ?? element.y2 ?? 0) + (element.height ?? 0)).toBeLessThanOrEqual(height);
  }
});

test('a high reach has a scale of its own', () => {
  const many = { ...RATE, key: 'many', reach: { ...RATE.reach, than: 12 } };
  const both = toChart([
    summaryOf([RATE, many], [round({ rate: 2, many: 13 }, { rate: 1, many: 1 })]),
  ]);
  const [few, lot] = elements(both, 'rect class="reached"');
  expect((lot?.width ?? 0) / (few?.width ?? 1)).toBeLessThan(2);
});

test('what was not measured is left out', () => {
  const failed = summarise({ name: 'a', figures: [RATE], rounds: [], error: 'why' });
  expect(toChart([failed])).not.toContain('push');
});
