import { expect, test } from 'vitest';
import { toChart } from './chart.js';
import { LIMIT, RATE, round, SCALE, summaryOf, TIME } from './rig.test-d.js';
import { summarise } from './summary.js';

/** The attributes of all elements of one kind and class, as numbers. */
function elements(chart: string, start: string): Record<string, number>[] {
  return [...chart.matchAll(new RegExp(`<${start}([^>]*)/>`, 'g'))].map(([, attributes = '']) =>
    Object.fromEntries(
      [...attributes.matchAll(/(\w+)="([\d.]+)"/g)].map(([, name, value]) => [name, Number(value)]),
    ),
  );
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
  const [spread] = elements(chart, 'line class="spread"');
  expect(((spread?.x1 ?? 0) - start) / one).toBeCloseTo(1.3, 2);
  expect(((spread?.x2 ?? 0) - start) / one).toBeCloseTo(1.5, 2);
});

test('what is not reached looks different, and says so', () => {
  expect(elements(chart, 'rect class="missed"')).toHaveLength(1);
  expect(chart).toContain('&lt; 1.0, not reached');
});

test('of a limit the share that was taken is shown', () => {
  expect(chart).toMatch(/>0\.80<.*\n.*&lt;= 150 ms</);
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
