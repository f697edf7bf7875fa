import { expect, test } from 'vitest';
import type { Costs } from '../costs.js';
import { LIMIT, RATE, round, SCALE, summaryOf, TIME } from './rig.test-d.js';
import { reaches, summarise } from './summary.js';

test('the ratio is taken round by round, and then its median', () => {
  // Medians of each alone would give 200 / 110.
  const rounds = [
    round({ rate: 300 }, { rate: 100 }),
    round({ rate: 150 }, { rate: 120 }),
    round({ rate: 200 }, { rate: 110 }),
  ];
  const [row] = summaryOf([RATE], rounds).rows;
  expect(row?.medians).toEqual({ goflow: 200, bullmq: 110 });
  expect(row?.judged).toEqual({ median: 200 / 110, lowest: 1.25, highest: 3 });
  expect(row?.ratio).toBe(200 / 110);
  const noisy = [round({ rate: 10 }, { rate: 10 }), round({ rate: 90 }, { rate: 30 })];
  expect(summaryOf([RATE], noisy).rows[0]?.ratio).toBe(2);
});

test.each([
  [125, true],
  [124.9, false],
])('goflow at %d against 100 with reach >= 1.25: %s', (rate, pass) => {
  expect(summaryOf([RATE], [round({ rate }, { rate: 100 })]).rows[0]?.pass).toBe(pass);
});

test.each([
  ['>=', 2, true],
  ['>=', 1.99, false],
  ['<=', 2, true],
  ['<=', 2.01, false],
  ['<', 2, false],
  ['<', 1.99, true],
] as const)('to reach %s 2, %d: %s', (is, value, expected) => {
  expect(reaches(value, { of: 'ratio', is, than: 2 })).toBe(expected);
});

test('less is better where the reach says so', () => {
  const [row] = summaryOf([TIME], [round({ p99: 2 }, { p99: 4 })]).rows;
  expect(row).toMatchObject({ ratio: 0.5, pass: true });
});

test('a figure that is a ratio of goflow to itself is judged by itself, whatever BullMQ did', () => {
  const [row] = summaryOf([SCALE], [round({ 'of 8': 0.96 }, { 'of 8': 0.5 })]).rows;
  expect(row).toMatchObject({ ratio: 0.96, judged: { median: 0.96 }, pass: true });
});

test('a limit is judged by goflow alone; the ratio is told where there is one', () => {
  const alone = summaryOf([LIMIT], [round({ import: 151 })]).rows[0];
  expect(alone).toMatchObject({ judged: { median: 151 }, ratio: undefined, pass: false });
  const both = summaryOf([LIMIT], [round({ import: 150 }, { import: 100 })]).rows[0];
  expect(both).toMatchObject({ judged: { median: 150 }, ratio: 1.5, pass: true });
});

test('what could not be measured is not reached, and says why', () => {
  const one = summarise({ name: 'a', figures: [RATE], rounds: [], error: 'no chunks' });
  expect(one).toMatchObject({ error: 'no chunks', rounds: 0 });
  expect(one.rows[0]).toMatchObject({ judged: undefined, ratio: undefined, pass: false });
  const rounds = [round({ rate: 300 }, { rate: 100 })];
  const broken = summarise({ name: 'a', figures: [RATE], rounds, error: 'fell over later' });
  expect(broken.rows[0]).toMatchObject({ ratio: 3, pass: false });
});

test('values that are no figure are told beside', () => {
  const rounds = [round({ rate: 1, p99: 3 }, { rate: 1 }), round({ rate: 1, p99: 5 }, { rate: 1 })];
  expect(summaryOf([RATE], rounds).more).toEqual({ p99: { goflow: 4 } });
});

test('costs are medians, by system; what is not known is left out', () => {
  const costs = (redisCpuUs: number): Costs => {
    return { redisCpuUs, nodeCpuUs: 2, scriptCalls: 1, commands: 9 };
  };
  const of = (redisCpuUs: number) => ({ goflow: { values: {}, costs: costs(redisCpuUs) } });
  expect(summaryOf([], [of(10), of(30), of(20)]).costs).toEqual({ goflow: costs(20) });
});
