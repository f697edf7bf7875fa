import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { Cipher } from './cipher.js';
import { compressJson } from './compressed-json.js';
import {
  decryptJson,
  encryptJson,
  escapeEncrypted,
  isEncrypted,
  isWrapped,
  openJson,
  protectJson,
} from './encrypted-json.js';

const keys = new Map([['k-1', randomBytes(32)]]);
const cipher = new Cipher({ keys, current: 'k-1', required: false });
const reader = new Cipher({ keys, current: null, required: false });
const PLACE = { kind: 'result', type: 'a', id: 'default:1' } as const;

const OWN: readonly unknown[] = [
  { '~enc': 'of my own' },
  { '~enc': { '~enc': 1 } },
  { '~enc': { '~enc': { '~enc': [] } } },
  { '~enc': null },
  { '~enc': 1, more: 2 },
  { more: 2, '~enc': 1 },
  { '~enc': { '~gz': '2,x' } },
  { '~gz': { '~enc': 'x' } },
  { '~gz': '3,a' },
  { '~enc': `k-1,${'A'.repeat(80)}` },
  'text',
  ['~enc'],
  null,
  0,
  {},
];

test.each(OWN.map((value) => [JSON.stringify(value), value]))(
  'any value comes back, encrypted or not: %s',
  async (_text, value) => {
    const json = await compressJson(JSON.stringify(value), Number.POSITIVE_INFINITY);
    for (const writer of [cipher, reader, undefined]) {
      const stored = protectJson(json, PLACE, writer);
      expect(await openJson(JSON.parse(stored), PLACE, cipher)).toEqual(value);
    }
    // Where nothing is encrypted, a reader without keys reads it.
    const plain: unknown = JSON.parse(escapeEncrypted(json));
    expect(await openJson(plain, PLACE, undefined)).toEqual(value);
  },
);

test('compressed first, then encrypted', async () => {
  const long = 'as long as it takes '.repeat(5_000);
  const json = await compressJson(JSON.stringify(long), 1_000);
  const stored = encryptJson(json, PLACE, cipher);
  expect(stored.length).toBeLessThan(long.length / 5);
  expect(await openJson(JSON.parse(stored), PLACE, cipher)).toBe(long);
});

test('only what is of its making looks encrypted', () => {
  const stored: unknown = JSON.parse(encryptJson('1', PLACE, cipher));
  expect(isEncrypted(stored)).toBe(true);
  expect(isWrapped(stored)).toBe(true);
  for (const value of OWN.filter((one) => !JSON.stringify(one).includes('AAAA')))
    expect(isEncrypted(value)).toBe(false);
  expect(isWrapped({ a: 1 })).toBe(false);
});

test('without a key it says which', () => {
  const stored: unknown = JSON.parse(encryptJson('1', PLACE, cipher));
  const missing = expect.objectContaining({ code: 'KEY_MISSING', details: { keyId: 'k-1' } });
  expect(() => decryptJson(stored, PLACE, undefined)).toThrow(missing);
  const ofType: unknown = JSON.parse(encryptJson('1', { ...PLACE, id: undefined }, cipher));
  expect(() => decryptJson(ofType, PLACE, undefined)).toThrow(missing);
});
