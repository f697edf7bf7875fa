import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { compressJson, expandJson, isCompressed, resolveCompressAbove } from './compressed-json.js';

const KIB = 1024;
const MIB = KIB * KIB;
const NEVER = Number.POSITIVE_INFINITY;

/** Typical JSON of about so many bytes. */
function records(bytes: number): unknown[] {
  const made: unknown[] = [];
  for (let length = 0, id = 1; length < bytes; id += 1) {
    const one = { id, email: `user${id * 7}@example.com`, status: id % 3 ? 'open' : 'paid' };
    made.push(one);
    length += JSON.stringify(one).length + 1;
  }
  return made;
}

const noise = (bytes: number): string => randomBytes((bytes * 3) / 4).toString('base64');

/** What is stored for a value, with everything compressed that can be. */
const store = async (value: unknown, above = 256): Promise<string> =>
  compressJson(JSON.stringify(value), above);
const readBack = async (stored: string): Promise<unknown> => expandJson(JSON.parse(stored));

test.each([
  ['1 kB', records(KIB), false],
  ['10 kB', records(10 * KIB), false],
  ['just below what goes aside', records(64 * KIB - 200), false],
  ['100 kB', records(100 * KIB), true],
  ['1 MB', records(MIB), true],
  ['characters of two to four bytes', { text: 'Ж€😀\u2028"\\\u0001'.repeat(500) }, false],
  ['lone surrogates', { text: '\ud800\udc00\udc00\ud800x'.repeat(500) }, false],
  ['nothing but one character, a thousandth', 'x'.repeat(MIB), true],
])(
  '%s comes back the same, and is stored as valid JSON that is smaller',
  async (_what, value, isAside) => {
    const json = JSON.stringify(value);
    const storing = compressJson(json, 256);
    expect(storing instanceof Promise).toBe(isAside);
    const stored = await storing;
    expect(stored.length).toBeLessThan(Buffer.byteLength(json) * 0.81);
    expect(stored).toMatch(/^\{"~gz":"\d+,[A-Za-z0-9+/]+=*"\}$/);
    expect(isCompressed(JSON.parse(stored))).toBe(true);
    expect(await readBack(stored)).toEqual(value);
  },
);

test('another program can read it with what every zlib has', async () => {
  const value = records(KIB);
  const { '~gz': packed } = JSON.parse(await store(value)) as { '~gz': string };
  const [bytes, base64 = ''] = packed.split(',');
  const text = inflateRawSync(Buffer.from(base64, 'base64')).toString();
  expect(text).toBe(JSON.stringify(value));
  expect(Number(bytes)).toBe(Buffer.byteLength(text));
});

test.each([
  [200, false],
  [255, false],
  [257, true],
  [1_000, true],
])('%d KiB are expanded on another thread: %s', async (kib, isAside) => {
  const text = 'x'.repeat(kib * KIB);
  const reading = expandJson(JSON.parse(await store(text)));
  expect(reading instanceof Promise).toBe(isAside);
  expect(await reading).toBe(text);
});

test('a text that becomes a third smaller is worth it, though its pieces look worse', async () => {
  const text = randomBytes(50 * KIB).toString('hex');
  expect((await store(text)).length).toBeLessThan(text.length * 0.8);
});

test('the threshold is in bytes, and exact: only what has more is compressed', () => {
  for (const text of ['x'.repeat(998), 'é'.repeat(499), '€'.repeat(332)]) {
    const json = JSON.stringify(text);
    const bytes = Buffer.byteLength(json);
    expect(compressJson(json, bytes)).toBe(json);
    expect(compressJson(json, bytes - 1)).not.toBe(json);
    expect(compressJson(json, NEVER)).toBe(json);
  }
});

test.each([400, 1_000, 15_000, 100_000, 1_000_000])(
  '%d bytes of noise stay what they are: it would not pay',
  async (bytes) => {
    const json = JSON.stringify(noise(bytes));
    expect(await compressJson(json, 256)).toBe(json);
  },
);

test('noise of a long text is found out by its pieces; a text that is only part noise is tried', () => {
  const json = JSON.stringify(noise(200 * KIB));
  // No promise: another thread was not asked.
  expect(compressJson(json, 256)).toBe(json);
  const parted = JSON.stringify([noise(20 * KIB), records(60 * KIB)]);
  expect(compressJson(parted, 256)).toBeInstanceOf(Promise);
});

test('what looks hopeful and is not, is stored as it is', async () => {
  for (const bytes of [30 * KIB, 200 * KIB]) {
    const middle = records(bytes / 8);
    const json = JSON.stringify([noise(bytes), middle, noise(bytes / 4), middle, noise(bytes)]);
    expect(await compressJson(json, 256)).toBe(json);
  }
});

test.each([
  ['a text under its key', { '~gz': 'hello' }],
  ['what would be garbage', { '~gz': '5,AAAA' }],
  ['a true wrapper', JSON.parse(`{"~gz":"9,${deflateRawSync('{"a": 12}').toString('base64')}"}`)],
  ['an escaped one', { '~gz': { '~gz': { '~gz': null } } }],
  ['null', { '~gz': null }],
  ['a number', { '~gz': 7 }],
  ['an array', { '~gz': [] }],
  ['more keys', { '~gz': 'hello', other: 1 }],
  ['a large one', { '~gz': 'x'.repeat(10_000) }],
])(
  'a value of one’s own that looks like a wrapper, with %s, comes back the same',
  async (_what, value) => {
    for (const above of [256, NEVER]) {
      const stored = await store(value, above);
      expect(isCompressed(JSON.parse(stored))).toBe(true);
      expect(await readBack(stored)).toEqual(value);
    }
  },
);

test.each([
  ['null', null],
  ['a text', '~gz'],
  ['a number', 7],
  ['an array', ['~gz']],
  ['an empty object', {}],
  ['another object', { gz: 1 }],
  ['one with the key and others', { a: 1, '~gz': '5,AAAA' }],
  ['one whose key holds no text', { '~gz': 7 }],
  ['one whose key holds null', { '~gz': null }],
  ['one whose key holds another object', { '~gz': { a: 1 } }],
  ['undefined', undefined],
])('%s is not compressed, and is itself', (_what, value) => {
  expect(isCompressed(value)).toBe(false);
  expect(expandJson(value)).toBe(value);
});

const packedOf = (text: string, bytes = Buffer.byteLength(text)): unknown => ({
  '~gz': `${bytes},${deflateRawSync(text).toString('base64')}`,
});
const long = JSON.stringify('x'.repeat(300 * KIB));

test.each([
  ['nothing', { '~gz': '' }],
  ['no length', { '~gz': 'hello' }],
  ['a length of nothing', { '~gz': '0,AwA=' }],
  ['a length that is none', { '~gz': '1e999,AwA=' }],
  ['a broken length', { '~gz': '1.5,AwA=' }],
  ['a length below nothing', { '~gz': '-5,AwA=' }],
  ['no base64', { '~gz': '5,%%%' }],
  ['no deflate', { '~gz': '5,/////w==' }],
  ['deflate of no JSON', packedOf('{"a":')],
  ['more than it says', packedOf('[1,2,3]', 3)],
  ['less than it says', packedOf('[1,2,3]', 300)],
  ['a long one of no JSON', packedOf(`${long}]`)],
  ['a long one with more than it says', packedOf(long, 280 * KIB)],
  ['a long one with less than it says', packedOf(long, 900 * KIB)],
  ['a long one cut off', { '~gz': '300000,7cEBAQAAAIKg/q9uSAUAAA' }],
])('%s is refused as ENVELOPE_UNREADABLE', async (_what, value) => {
  await expect((async () => expandJson(value))()).rejects.toMatchObject({
    code: 'ENVELOPE_UNREADABLE',
    message: expect.stringContaining('the compressed JSON cannot be read: '),
  });
});

test('what was compressed is not quoted: it may have been encrypted', () => {
  const read = (): unknown => expandJson(packedOf('canary'));
  expect(read).toThrow('is no JSON');
  expect(inspect(thrownBy(read), { depth: 5 })).not.toContain('canary');
});

function thrownBy(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return error;
  }
}

test('what tells no length is said to', () => {
  for (const packed of ['', 'hello', ',AwA=', '0,AwA=', '-5,AwA=', 'x,AwA='])
    expect(() => expandJson({ '~gz': packed })).toThrow('its length is missing');
});

test('a bomb goes off nowhere: what says its size is refused unread, what lies is cut off', async () => {
  // 100 MiB in 100 kB.
  const bomb = deflateRawSync(Buffer.alloc(100 * MIB, '0')).toString('base64');
  const honest = { '~gz': `${100 * MIB},${bomb}` };
  expect(() => expandJson(honest)).toThrow(
    `it is ${100 * MIB} bytes, over the limit of ${64 * MIB} bytes`,
  );
  for (const bytes of [1_000, MIB]) {
    const before = process.memoryUsage().arrayBuffers;
    const read = (async () => expandJson({ '~gz': `${bytes},${bomb}` }))();
    await expect(read).rejects.toMatchObject({ code: 'ENVELOPE_UNREADABLE' });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * MIB);
  }
});

test('a text too long to be expanded again is not compressed', () => {
  const json = JSON.stringify('x'.repeat(64 * MIB));
  expect(compressJson(json, 256) === json).toBe(true);
});

test('the option is an integer from 256 to 512 MiB, or not given: never', () => {
  expect(resolveCompressAbove(undefined)).toBe(NEVER);
  for (const bytes of [256, 1_000, 512 * MIB]) expect(resolveCompressAbove(bytes)).toBe(bytes);
  for (const wrong of [0, 255, -1, 1.5, 512 * MIB + 1, NEVER, Number.NaN, '1kb', null, true])
    expect(() => resolveCompressAbove(wrong)).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        details: expect.objectContaining({ option: 'compressAbove' }),
      }),
    );
});
