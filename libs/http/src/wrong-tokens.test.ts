import { expect, test } from 'vitest';
import { WrongTokens } from './wrong-tokens.js';

test('after 20 wrong tokens within a minute an address waits until the minute is over', () => {
  let now = 1_000;
  const wrong = new WrongTokens(() => now);
  for (let count = 0; count < 20; count += 1) {
    expect(wrong.waitSeconds('a')).toBe(0);
    wrong.count('a');
    now += 100;
  }
  expect(wrong.waitSeconds('a')).toBe(58);
  expect(wrong.waitSeconds('b')).toBe(0);
  now = 60_999;
  expect(wrong.waitSeconds('a')).toBe(1);
  now = 61_000;
  expect(wrong.waitSeconds('a')).toBe(0);
  wrong.count('a');
  expect(wrong.waitSeconds('a')).toBe(0);
});

test('a wrong token now and then is forgotten', () => {
  let now = 0;
  const wrong = new WrongTokens(() => now);
  for (let count = 0; count < 200; count += 1) {
    wrong.count('a');
    now += 10_000;
    expect(wrong.waitSeconds('a')).toBe(0);
  }
});

test('a flood of addresses takes no memory: the oldest is forgotten', () => {
  const wrong = new WrongTokens(() => 0);
  for (let count = 0; count < 20; count += 1) wrong.count('first');
  expect(wrong.waitSeconds('first')).toBe(60);
  for (let count = 0; count < 9_999; count += 1) wrong.count(`address ${count}`);
  expect(wrong.waitSeconds('first')).toBe(60);
  wrong.count('one more');
  expect(wrong.waitSeconds('first')).toBe(0);
  for (let count = 0; count < 50_000; count += 1) wrong.count(`other ${count}`);
  expect(wrong.size).toBe(10_000);
});
