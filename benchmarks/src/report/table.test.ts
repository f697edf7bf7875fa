import { expect, test } from 'vitest';
import type { Costs } from '../costs.js';
import { LIMIT, RATE, round, SCALE, summaryOf, TIME } from './rig.test-d.js';
import { summarise } from './summary.js';
import { costTable, moreTable, resultTable } from './table.js';
import { digits, reachInWords, valueInWords } from './words.js';

test('the result, line by line', () => {
  const rounds = [
    round({ rate: 60_000, p99: 1.5, 'of 8': 0.97, import: 140 }, { rate: 50_000, p99: 1 }),
    round({ rate: 66_000, p99: 1.2, 'of 8': 0.99, import: 141 }, { rate: 50_000, p99: 1 }),
    round({ rate: 70_000, p99: 1.4, 'of 8': 0.98, import: 139 }, { rate: 50_000, p99: 1 }),
  ];
  expect(resultTable([summaryOf([RATE, TIME, SCALE, LIMIT], rounds)]).split('\n')).toEqual([
    'scenario             goflow    bullmq  ratio  lowest to highest      reach',
    'push <fast> & far  66,000/s  50,000/s   1.32       1.20 to 1.40    >= 1.25  reached',
    'wait, p99           1.40 ms   1.00 ms   1.40       1.20 to 1.50      < 1.0  NOT reached',
    'scale out, 8           0.98         -   0.98       0.97 to 0.99    >= 0.95  reached',
    'import               140 ms         -      -   139 ms to 141 ms  <= 150 ms  reached',
  ]);
});

test('bee-queue has a column where it was measured', () => {
  const both = round({ rate: 2 }, { rate: 1 });
  const summary = summaryOf([RATE], [{ ...both, 'bee-queue': { values: { rate: 3_000 } } }]);
  const [head, line] = resultTable([summary]).split('\n');
  expect(head).toMatch(/goflow +bullmq +bee-queue +ratio/);
  expect(line).toMatch(/2\/s +1\/s +3,000\/s +2\.00 +2\.00 +>= 1\.25 +reached/);
});

test('what failed is said to be not measured', () => {
  const table = resultTable([summarise({ name: 'a', figures: [RATE], rounds: [], error: 'why' })]);
  expect(table.split('\n')[1]).toMatch(/^push <fast> & far +- +- +- +- +>= 1\.25 +NOT MEASURED$/);
});

test('costs are told as goflow : bullmq, and only where they are known', () => {
  const costs: Costs = { redisCpuUs: 12.34, nodeCpuUs: 20, scriptCalls: 1, commands: 9.5 };
  const summary = summaryOf(
    [RATE],
    [
      {
        goflow: { values: {}, costs: { ...costs, bytes: 251.4 } },
        bullmq: { values: {}, costs: { ...costs, redisCpuUs: 15, bytes: 235 } },
      },
    ],
  );
  const [, line] = costTable([summary, summaryOf([RATE], [])]).split('\n');
  expect(line?.split(/ {2,}/)).toEqual([
    'name',
    '12.3 : 15.0',
    '20.0 : 20.0',
    '1.00 : 1.00',
    '9.50 : 9.50',
    '251 : 235',
  ]);
  expect(costTable([summaryOf([RATE], [])])).toBe('');
});

test('what else was measured', () => {
  const summary = summaryOf([], [round({ 'with 1, tasks/s': 12_345.6 }, { 'p99, ms': 0.0123 })]);
  expect(moreTable([summary]).split('\n')).toEqual([
    'also                   goflow  bullmq',
    'name: with 1, tasks/s  12,346  -',
    'name: p99, ms               -  0.012',
  ]);
  expect(moreTable([])).toBe('');
});

test.each([
  [0, '0'],
  [0.1714, '0.171'],
  [2.5, '2.50'],
  [43.21, '43.2'],
  [143.2, '143'],
  [1234.5, '1235'],
])('%d in three digits is %s', (value, expected) => {
  expect(digits(value)).toBe(expected);
});

test('nothing known is a dash', () => {
  expect(valueInWords(undefined, 'ms')).toBe('-');
  expect(valueInWords(Number.NaN, 'tasks/s')).toBe('-');
});

test('what must be reached, in words', () => {
  expect(reachInWords({ of: 'ratio', is: '<', than: 1 }, 'ms')).toBe('< 1.0');
  expect(reachInWords({ of: 'limit', is: '<=', than: 1 }, '%')).toBe('<= 1 %');
  expect(reachInWords({ of: 'limit', is: '<=', than: 3 }, 'commands/s')).toBe('<= 3/s');
  expect(reachInWords({ of: 'ratio', is: '>=', than: 12 }, 'tasks/s')).toBe('>= 12');
});
