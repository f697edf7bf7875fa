import { expect, test } from 'vitest';
import { age, ago, spell } from './times.js';

test.each([
  [0, '0 ms'],
  [0.42, '0.4 ms'],
  [5, '5 ms'],
  [320.4, '320 ms'],
  [1_000, '1 s'],
  [1_500, '1.5 s'],
  [41_300, '41 s'],
  [119_000, '2 m'],
  [7_200_000, '2 h'],
  [7 * 86_400_000, '7 d'],
])('%d ms: %s', (ms, text) => {
  expect(spell(ms)).toBe(text);
});

test('how long ago, and how old: never before its time', () => {
  expect([ago(1_000, 3_500), age(new Date(1_000), 3_500)]).toEqual(['2.5 s ago', '2.5 s']);
  expect([ago(2_000, 1_000), ago(undefined, 1)]).toEqual(['0 ms ago', '-']);
});
