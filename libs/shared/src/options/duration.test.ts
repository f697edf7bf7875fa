import { expect, test } from 'vitest';
import { toMs } from './duration.js';

test.each([
  [0, 0],
  [1, 1],
  [1_500, 1_500],
  [0.4, 0],
  [1.6, 2],
  [2 ** 31 - 1, 2_147_483_647],
  ['0s', 0],
  ['250ms', 250],
  ['1.5s', 1_500],
  ['0.5ms', 1],
  ['007s', 7_000],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['24d', 2_073_600_000],
])('%j is %d ms', (duration, ms) => {
  expect(toMs('delay', duration)).toBe(ms);
});

test.each([
  -1,
  -0.1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  2 ** 31,
  2 ** 31 - 0.5,
  '',
  ' 1s',
  '1s ',
  '1 s',
  '1s\n',
  '5x',
  '5',
  's',
  '-1s',
  '+1s',
  '.5s',
  '1.s',
  '1,5s',
  '1e3s',
  '0x10s',
  '1S',
  '1s2ms',
  '25d',
  '٣s',
  `${'9'.repeat(400)}s`,
  'NaNs',
  'Infinitys',
  true,
  null,
  undefined,
  10n,
  {},
  [5],
  ['5s'],
  new Date(5),
  Symbol('5s'),
  () => 5,
])('refuses %s', (duration) => {
  const read = () => toMs('delay', duration);
  expect(read).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  expect(read).toThrow(/^Expected `delay` to be a duration like 1500, '1.5s' or '2m', 0 to /);
});

test('limits are the first and the last value allowed', () => {
  const limits = { minMs: 10, maxMs: 1_000 };
  expect([toMs('t', 10, limits), toMs('t', '1s', limits)]).toEqual([10, 1_000]);
  for (const outside of [9, 9.9, 1_000.4, '2s'])
    expect(() => toMs('t', outside, limits)).toThrow('10 to 1000 ms');
});

test('says what it got, briefly', () => {
  expect(() => toMs('t', '5x')).toThrow('got "5x" (string)');
  expect(() => toMs('t', -1)).toThrow('got `-1` (number)');
  expect(() => toMs('t', null)).toThrow('got `null` (null)');
  expect(() => toMs('t', 'x'.repeat(1_000_000))).toThrow(/^.{0,200}$/);
});
