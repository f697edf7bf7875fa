import { expect, test } from 'vitest';
import { OpenChunk } from './open-chunk.js';

const MIB = 1024 * 1024;

test('takes as many as it has room for', () => {
  const chunk = new OpenChunk(2);
  expect([chunk.add('1'), chunk.isFull, chunk.add('2'), chunk.isFull]).toEqual([
    true,
    false,
    true,
    true,
  ]);
  expect(chunk.add('3')).toBe(false);
  expect(chunk.payloadsJson).toEqual(['1', '2']);
});

test('takes exactly 1 MiB, counted in bytes', () => {
  const chunk = new OpenChunk(10);
  expect(chunk.add('é'.repeat(MIB / 4))).toBe(true);
  expect(chunk.add('x'.repeat(MIB / 2))).toBe(true);
  expect(chunk.add('x')).toBe(false);
  expect(chunk.payloadsJson).toHaveLength(2);
});

test('takes the first, however large', () => {
  const chunk = new OpenChunk(10);
  expect([chunk.add('x'.repeat(MIB + 1)), chunk.add('')]).toEqual([true, false]);
});
