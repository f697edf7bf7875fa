import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { GoflowError } from '../errors/goflow-error.js';
import { resolveEncryption } from './encryption.js';

const key = randomBytes(32);
const base64 = key.toString('base64');
const PLACE = { kind: 'payload', type: 'a', id: 'default:1' } as const;

test('without the option nothing is encrypted', () => {
  expect(resolveEncryption(undefined)).toBeUndefined();
});

test.each([
  ['a Buffer', key],
  ['a Uint8Array', new Uint8Array(key)],
  ['base64', base64],
  ['base64 without its end', base64.slice(0, -1)],
])('a key is %s', (_what, given) => {
  const reader = resolveEncryption({ keys: { k1: key }, current: 'k1' });
  const writer = resolveEncryption({ keys: { k1: given }, current: 'k1' });
  expect(reader?.decrypt(writer?.encrypt('"text"', PLACE) ?? '', PLACE)).toBe('"text"');
});

test('a key that is changed later by its owner is still the key', () => {
  const given = randomBytes(32);
  const cipher = resolveEncryption({ keys: { k: given }, current: 'k' });
  const packed = cipher?.encrypt('1', PLACE) ?? '';
  given.fill(0);
  expect(cipher?.decrypt(packed, PLACE)).toBe('1');
});

test('`current: null` only reads, and `required` is for workers', () => {
  expect(resolveEncryption({ keys: { k: key }, current: null })).toMatchObject({
    writes: false,
    required: false,
  });
  expect(resolveEncryption({ keys: { k: key }, current: 'k', required: true })).toMatchObject({
    writes: true,
    required: true,
  });
});

const many = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, key]));

test('100 keys are not too many', () => {
  expect(resolveEncryption({ keys: many(100), current: 'k99' })).toBeDefined();
});

test.each<[string, unknown]>([
  ['null', null],
  ['a string', base64],
  ['an array', [key]],
  ['without keys', { current: 'k' }],
  ['no key', { keys: {}, current: 'k' }],
  ['101 keys', { keys: many(101), current: 'k0' }],
  ['keys in an array', { keys: [base64], current: '0' }],
  ['31 bytes', { keys: { k: key.subarray(1) }, current: 'k' }],
  ['33 bytes', { keys: { k: randomBytes(33) }, current: 'k' }],
  ['base64 of 31 bytes', { keys: { k: key.subarray(1).toString('base64') }, current: 'k' }],
  ['32 zeros', { keys: { k: new Uint8Array(32) }, current: 'k' }],
  ['base64 of zeros', { keys: { k: Buffer.alloc(32).toString('base64') }, current: 'k' }],
  ['base64 with a line break', { keys: { k: `${base64}\n` }, current: 'k' }],
  ['the bytes of base64', { keys: { k: Buffer.from(`${base64}\n`) }, current: 'k' }],
  ['hexadecimal', { keys: { k: key.toString('hex') }, current: 'k' }],
  ['no base64', { keys: { k: `${base64.slice(0, 20)}!${base64.slice(21)}` }, current: 'k' }],
  ['a number', { keys: { k: 1 }, current: 'k' }],
  ['a key id of capitals', { keys: { K: key }, current: 'K' }],
  ['an empty key id', { keys: { '': key }, current: '' }],
  ['a key id of 33 characters', { keys: { ['k'.repeat(33)]: key }, current: 'k'.repeat(33) }],
  ['the key as its id', { keys: { [base64]: base64 }, current: base64 }],
  ['an unknown current', { keys: { k: key }, current: 'other' }],
  ['the key as current', { keys: { k: base64 }, current: base64 }],
  ['no current', { keys: { k: key } }],
  ['a required that is none', { keys: { k: key }, current: 'k', required: 'yes' }],
  ['something unknown', { keys: { k: key }, current: 'k', [base64]: 1 }],
])('is refused, and never shown: %s', (_what, given) => {
  const refuse = () => resolveEncryption(given);
  expect(refuse).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  const shown = ((): string => {
    try {
      refuse();
      return '';
    } catch (caught) {
      const { message, stack, cause, details } = caught as GoflowError;
      return JSON.stringify([message, stack, cause, details]);
    }
  })();
  expect(shown).toContain('encryption');
  expect(shown).not.toContain(base64.slice(0, 12));
  expect(shown).not.toContain(key.toString('hex').slice(0, 12));
});
