import { expect, test } from 'vitest';
import { openPlace } from '../place.test-d.js';
import { unpackStrings } from './packed-strings.js';

const PACK = 'return cmsgpack.pack(ARGV)';

test.each([
  ['nothing', []],
  ['short ones', ['name', 'repeater', 'delay', '0', '']],
  ['what is no ASCII', ['ä', '€uro 🎉', '\u0000\n"']],
  ['every length at which the packing changes', [31, 32, 255, 256, 65_535, 65_536].map(text)],
  ['many', Array.from({ length: 40 }, (_, at) => `${at}`)],
  ['very many', Array.from({ length: 70_000 }, (_, at) => `${at}`)],
])('what Redis packed is read: %s', async (_, strings) => {
  const { redis } = openPlace();
  const packed = (await redis.callBuffer('EVAL', PACK, '0', ...strings)) as Buffer;
  expect(unpackStrings(packed)).toEqual(strings);
});

test.each([
  ['nothing', []],
  ['a number', [0x01]],
  ['a list of numbers', [0x91, 0x01]],
  ['a list that is cut off', [0x92, 0xa1, 0x41]],
  ['a string that is cut off', [0x91, 0xa2, 0x41]],
  ['a list with something behind it', [0x91, 0xa1, 0x41, 0x41]],
])('anything else is refused: %s', (_, bytes) => {
  expect(() => unpackStrings(Buffer.from(bytes))).toThrow();
});

function text(length: number): string {
  return 'x'.repeat(length);
}
