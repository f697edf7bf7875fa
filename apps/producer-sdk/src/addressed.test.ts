import { expect, test } from 'vitest';
import { Addressed } from './addressed.js';

const CHUNK = `default:${'c'.repeat(22)}`;

test('an outcome is to come until it has come', () => {
  const addressed = new Addressed();
  expect(addressed.has('default:a')).toBe(false);
  addressed.add('default:a');
  expect([addressed.has('default:a'), addressed.has('default:b')]).toEqual([true, false]);
  addressed.delete('default:a');
  expect(addressed.has('default:a')).toBe(false);
});

test('of a chunk each task by itself, and none beyond them', () => {
  const addressed = new Addressed();
  addressed.addChunk(CHUNK, 20);
  addressed.delete(`${CHUNK}:0`);
  addressed.delete(`${CHUNK}:9`);
  addressed.delete(`${CHUNK}:9`);
  const open = Array.from({ length: 30 }, (_, at) => at).filter((at) =>
    addressed.has(`${CHUNK}:${at}`),
  );
  expect(open).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
});

test('a chunk that is not in has none to come', () => {
  const addressed = new Addressed();
  addressed.addChunk(CHUNK, 2);
  addressed.delete(CHUNK);
  expect(addressed.has(`${CHUNK}:0`)).toBe(false);
});

test('after a gap none is to come', () => {
  const addressed = new Addressed();
  addressed.add('default:a');
  addressed.addChunk(CHUNK, 2);
  addressed.clear();
  expect([addressed.has('default:a'), addressed.has(`${CHUNK}:1`)]).toEqual([false, false]);
});

test('of very many the last are remembered, and the first forgotten', () => {
  const addressed = new Addressed();
  for (let at = 0; at < 100_001; at += 1) addressed.add(`default:${at}`);
  expect([0, 49_999, 50_000, 100_000].map((at) => addressed.has(`default:${at}`))).toEqual([
    false,
    false,
    true,
    true,
  ]);
});

test('an id that was given twice is one task: its outcome comes once', () => {
  const addressed = new Addressed();
  addressed.add('default:mine');
  for (let at = 0; at < 50_000; at += 1) addressed.add(`default:${at}`);
  addressed.add('default:mine');
  addressed.delete('default:mine');
  expect(addressed.has('default:mine')).toBe(false);
});
