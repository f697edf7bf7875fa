import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { Cipher, type CipherPlace } from './cipher.js';

const [first, second] = [randomBytes(32), randomBytes(32)];
const cipherOf = (keys: Record<string, Uint8Array>, current: string): Cipher =>
  new Cipher({ keys: new Map(Object.entries(keys)), current, required: false });
const cipher = cipherOf({ k1: first }, 'k1');

const PLACE: CipherPlace = { kind: 'payload', type: 'mail.send', id: 'default:abc' };
const TEXT = JSON.stringify({ text: 'canary — ünï:cödé' });

/** The bytes of nonce, ciphertext and tag. */
const bytesOf = (packed: string): Buffer =>
  Buffer.from(packed.slice(packed.indexOf(',') + 1), 'base64');
const packedOf = (bytes: Buffer, keyId = 'k1'): string => `${keyId},${bytes.toString('base64')}`;

test.each([
  ['nothing', ''],
  ['a character', '1'],
  ['a text', TEXT],
  ['two megabytes', JSON.stringify('x'.repeat(2_000_000))],
])('%s comes back', (_what, text) => {
  expect(cipher.decrypt(cipher.encrypt(text, PLACE), PLACE)).toBe(text);
});

test('the key id is in the clear, the text is not, and takes 28 bytes more', () => {
  const packed = cipher.encrypt(TEXT, PLACE);
  expect(packed).toMatch(/^k1,[A-Za-z0-9+/]+=*$/);
  expect(bytesOf(packed).toString()).not.toContain('canary');
  expect(bytesOf(packed)).toHaveLength(Buffer.byteLength(TEXT) + 28);
});

test('no nonce comes twice', () => {
  const nonces = Array.from({ length: 2_000 }, () =>
    bytesOf(cipher.encrypt('1', PLACE)).subarray(0, 12).toString('hex'),
  );
  expect(new Set(nonces).size).toBe(2_000);
});

test('a new key is added, then made the current one, then the old one is dropped', () => {
  const old = cipher.encrypt(TEXT, PLACE);
  const both = cipherOf({ k1: first, k2: second }, 'k2');
  expect(both.decrypt(old, PLACE)).toBe(TEXT);
  const fresh = both.encrypt(TEXT, PLACE);
  expect(fresh).toMatch(/^k2,/);
  expect(cipherOf({ k1: first, k2: second }, 'k1').decrypt(fresh, PLACE)).toBe(TEXT);
  expect(() => cipherOf({ k2: second }, 'k2').decrypt(old, PLACE)).toThrow(
    expect.objectContaining({ code: 'KEY_MISSING', details: { keyId: 'k1' } }),
  );
});

const unreadable = expect.objectContaining({ code: 'ENVELOPE_UNREADABLE' });

test('another key of the same id reads nothing', () => {
  const packed = cipher.encrypt(TEXT, PLACE);
  expect(() => cipherOf({ k1: second }, 'k1').decrypt(packed, PLACE)).toThrow(
    expect.objectContaining({
      code: 'ENVELOPE_UNREADABLE',
      message: expect.stringContaining('the key k1 is another one here'),
      details: { keyId: 'k1' },
    }),
  );
});

test('a change of any bit is found: of the nonce, of the text, of the tag', () => {
  const bytes = bytesOf(cipher.encrypt(TEXT, PLACE));
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ (1 << (at & 7));
    expect(() => cipher.decrypt(packedOf(changed), PLACE), `byte ${at}`).toThrow(unreadable);
  }
});

test('what was cut or made longer is found', () => {
  const bytes = bytesOf(cipher.encrypt(TEXT, PLACE));
  for (let length = 0; length < bytes.length; length += 1)
    expect(() => cipher.decrypt(packedOf(bytes.subarray(0, length)), PLACE)).toThrow(unreadable);
  const longer = Buffer.concat([bytes, Buffer.from([0])]);
  expect(() => cipher.decrypt(packedOf(longer), PLACE)).toThrow(unreadable);
  expect(() => cipher.decrypt('k1,no base64', PLACE)).toThrow(unreadable);
});

const ELSEWHERE: Readonly<Record<string, Partial<CipherPlace>>> = {
  'another kind': { kind: 'result' },
  'another type': { type: 'mail.read' },
  'another task': { id: 'default:abd' },
  'another task of the same chunk': { id: 'default:abc:1' },
  'any task of its type': { id: undefined },
};

test.each(Object.entries(ELSEWHERE))('cannot be read at another place: %s', (_what, elsewhere) => {
  const packed = cipher.encrypt(TEXT, PLACE);
  expect(() => cipher.decrypt(packed, { ...PLACE, ...elsewhere })).toThrow(unreadable);
  // With the mark of a text that belongs to its type.
  const marked = packed.replace(',', '~,');
  expect(() => cipher.decrypt(marked, { ...PLACE, ...elsewhere })).toThrow(unreadable);
});

test('a text that belongs to its type is read in every task of it, and nowhere else', () => {
  const packed = cipher.encrypt(TEXT, { ...PLACE, id: undefined });
  expect(packed).toMatch(/^k1~,/);
  expect(cipher.decrypt(packed, PLACE)).toBe(TEXT);
  expect(cipher.decrypt(packed, { ...PLACE, id: 'default:other' })).toBe(TEXT);
  expect(() => cipher.decrypt(packed, { ...PLACE, type: 'mail.read' })).toThrow(unreadable);
  expect(() => cipher.decrypt(packed, { ...PLACE, kind: 'result' })).toThrow(unreadable);
  expect(() => cipher.decrypt(packed.replace('~', ''), PLACE)).toThrow(unreadable);
});
