import { expect, test } from 'vitest';
import { ConnectionCount } from './connection-count.js';

test('one address has 32 connections at most, and room again when one is closed', () => {
  const count = new ConnectionCount();
  for (let one = 0; one < 32; one += 1) expect(count.open('a')).toBe(true);
  expect(count.open('a')).toBe(false);
  expect(count.open('b')).toBe(true);
  count.close('a');
  expect(count.open('a')).toBe(true);
  expect(count.open('a')).toBe(false);
});

test('the last 64 of 512 are for addresses that have none', () => {
  const count = new ConnectionCount();
  for (let address = 0; address < 14; address += 1)
    for (let one = 0; one < 32; one += 1) expect(count.open(`a${address}`)).toBe(true);
  expect(count.open('b')).toBe(true);
  expect(count.open('b')).toBe(false);
  for (let address = 0; address < 63; address += 1) expect(count.open(`c${address}`)).toBe(true);
  expect(count.open('d')).toBe(false);
  count.close('a0');
  expect(count.open('d')).toBe(true);
});

test('who has none any more is forgotten', () => {
  const count = new ConnectionCount();
  for (let address = 0; address < 10_000; address += 1) {
    expect(count.open(`a${address}`)).toBe(true);
    count.close(`a${address}`);
  }
  expect(count.addresses).toBe(0);
});
