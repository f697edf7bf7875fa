import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { encodeJson, MAX_DEPTH } from './json.js';

const MIB = 1024 * 1024;

const encode = (value: unknown, limitBytes = MIB): string =>
  encodeJson(value, {
    subject: 'payload of a',
    notSerializable: 'PAYLOAD_NOT_SERIALIZABLE',
    tooLarge: 'PAYLOAD_TOO_LARGE',
    limitBytes,
  });

/** `levels` arrays in each other. */
const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);

const elsewhere = (source: string): unknown => runInNewContext(source);

class Order {
  id = 1;
}

/** Its instances have a prototype without a prototype, as plain objects have. */
class Nothing {
  id = 1;

  static {
    Object.setPrototypeOf(Nothing.prototype, null);
  }
}

const list: unknown[] = [];
const cycle = { a: 1, list };
list.push({ back: cycle });

test.each([
  ['null', null],
  ['true', true],
  ['zero', 0],
  ['an empty string', ''],
  ['the largest number', Number.MAX_VALUE],
  ['the smallest number', -Number.MIN_VALUE],
  ['an unsafe integer', 2 ** 53],
  ['an empty array', []],
  ['an empty object', {}],
  ['a null-prototype object', Object.assign(Object.create(null), { a: [1] })],
  ['an object of another realm', elsewhere('({ a: [1, { b: "c" }], d: null })')],
  ['an array of another realm', elsewhere('[[1], { a: 2 }]')],
  ['a null-prototype object of another realm', elsewhere('Object.create(null)')],
  ['an own __proto__ key', JSON.parse('{"__proto__": {"evil": true}, "a": 1}')],
  ['keys that look like methods', { constructor: 1, toString: 'x', hasOwnProperty: null }],
  ['a toJSON that is no function', { toJSON: 'text' }],
  ['lone surrogates', ['\ud800', '\udc00', 'a\udfffb']],
  ['a key with a lone surrogate', { '\ud800': 1 }],
  ['every kind of character', '\u0000\u001f"\\/\u2028\u2029é€😀'],
  ['one object in two places', ((shared) => ({ left: shared, right: shared }))({ a: 1 })],
  [`${MAX_DEPTH} levels`, nested(MAX_DEPTH)],
])('sends %s unchanged', (_what, value) => {
  const back: unknown = JSON.parse(encode(value));
  // Prototypes of another realm are others; what JSON gives back has this one's.
  expect(back).toEqual(value);
});

test.each([
  ['a cycle', cycle, ' at list[0].back: a cycle'],
  ['a BigInt', { n: 1n }, ' at n: a bigint'],
  ['a function', { f: () => 1 }, ' at f: a function'],
  ['a symbol', { s: Symbol('x') }, ' at s: a symbol'],
  ['undefined', undefined, ': undefined'],
  ['undefined in an object', { a: { b: undefined } }, ' at a.b: undefined'],
  ['undefined in an array', [1, [undefined]], ' at [1][0]: undefined'],
  ['a sparse array', Object.assign([], { 2: 'x' }), ' at [0]: undefined'],
  ['NaN', [Number.NaN], ' at [0]: NaN'],
  ['Infinity', { n: Number.POSITIVE_INFINITY }, ' at n: Infinity'],
  ['-Infinity', Number.NEGATIVE_INFINITY, ': -Infinity'],
  ['a Date', { at: new Date(0) }, ' at at: a Date'],
  ['a Map', new Map([[1, 2]]), ': a Map'],
  ['a Set', { tags: new Set(['a']) }, ' at tags: a Set'],
  ['a Buffer', [Buffer.from('a')], ' at [0]: a Buffer'],
  ['a typed array', new Uint8Array(1), ': a Uint8Array'],
  ['a RegExp', /a/, ': a RegExp'],
  ['an Error', { cause: new Error('x') }, ' at cause: a Error'],
  ['a Promise', { later: Promise.resolve(1) }, ' at later: a Promise'],
  ['a boxed number', Object(1), ': a Number'],
  ['a class instance', { order: new Order() }, ' at order: a Order'],
  ['an array of a class', new (class Rows extends Array {})(), ': a Rows'],
  ['an object that inherits', Object.create({ a: 1 }), ': a class instance'],
  ['an instance of what extends null', new Nothing(), ': a Nothing'],
  ['a toJSON', { a: { toJSON: () => 1 } }, ' at a: a class instance'],
  ['a toJSON on an array', Object.assign([1], { toJSON: () => 2 }), ': a Array'],
  ['a Date of another realm', elsewhere('({ at: new Date(0) })'), ' at at: a Date'],
  ['a Map of another realm', elsewhere('new Map()'), ': a Map'],
  [
    `${MAX_DEPTH + 1} levels`,
    nested(MAX_DEPTH + 1),
    ` at ${'[0]'.repeat(66)}[0…: nesting deeper than 100 levels`,
  ],
])('refuses %s, and names the place', (_what, value, place) => {
  expect(() => encode(value)).toThrow(
    expect.objectContaining({
      code: 'PAYLOAD_NOT_SERIALIZABLE',
      message: `payload of a${place} cannot be sent as JSON unchanged`,
    }),
  );
});

test('the place and the problem are in the details, too', () => {
  expect(() => encode({ to: [{ at: new Date(0) }] })).toThrow(
    expect.objectContaining({ details: { path: 'to[0].at', problem: 'a Date' } }),
  );
});

test('a BigInt is refused even where somebody taught it toJSON', () => {
  const prototype = BigInt.prototype as { toJSON?: () => string };
  prototype.toJSON = () => 'big';
  try {
    expect(() => encode({ n: 1n })).toThrow('a bigint');
  } finally {
    delete prototype.toJSON;
  }
});

test('an object that cannot be read is refused like any other', () => {
  const refuse = () => {
    throw new Error('trap');
  };
  const traps = { get: refuse, ownKeys: refuse, getPrototypeOf: refuse, has: refuse };
  const getter = Object.defineProperty({}, 'a', { enumerable: true, get: refuse });
  for (const value of [new Proxy({}, traps), getter, { deep: [getter] }])
    expect(() => encode(value)).toThrow(
      expect.objectContaining({
        code: 'PAYLOAD_NOT_SERIALIZABLE',
        message: 'payload of a: something that cannot be read cannot be sent as JSON unchanged',
      }),
    );
});

test('a path is cut, however long the keys are', () => {
  expect(() => encode({ ['k'.repeat(MIB)]: undefined })).toThrow(/^.{0,300}$/);
});

test('cycles with many ways round are found at once', () => {
  // Walked to the end this would take 2^100 steps.
  const person: Record<string, unknown> = {};
  Object.assign(person, { friend: person, enemy: person, family: [person, person] });
  expect(() => encode(person)).toThrow('payload of a at friend: a cycle');
});

test('a value whose shared parts have endless text is too large at once', () => {
  let value: unknown = 'leaf';
  for (let level = 0; level < 60; level += 1) value = [value, value];
  expect(() => encode(value)).toThrow(
    expect.objectContaining({
      code: 'PAYLOAD_TOO_LARGE',
      message: 'payload of a is far over the limit of 1048576 bytes',
      details: { limitBytes: MIB },
    }),
  );
});

test.each([
  ['ASCII', 'x'.repeat(100)],
  ['two bytes a character', 'é'.repeat(50)],
  ['three bytes', '€'.repeat(40)],
  ['four bytes', '😀'.repeat(30)],
  ['escapes', '\u0001"\\'.repeat(20)],
  ['lone surrogates', '\ud800'.repeat(20)],
  ['digits', Array.from({ length: 100 }, (_, index) => index % 10)],
  ['fractions', [0.1, -1.7976931348623157e308, 5e-324]],
  ['keys', { ключ: { 'a"b': true }, '': null }],
])('the limit is exact to the byte: %s', (_what, value) => {
  const bytes = Buffer.byteLength(JSON.stringify(value));
  expect(encode(value, bytes)).toBe(JSON.stringify(value));
  expect(() => encode(value, bytes - 1)).toThrow(
    expect.objectContaining({
      code: 'PAYLOAD_TOO_LARGE',
      message: `payload of a is ${bytes} bytes, over the limit of ${bytes - 1} bytes`,
      details: { bytes, limitBytes: bytes - 1 },
    }),
  );
});

test('2,000 random values come back the same, at exactly their size', () => {
  for (let seed = 1; seed <= 2_000; seed += 1) {
    const value = randomJson(chance(seed), 0);
    const text = JSON.stringify(value);
    expect(encode(value, Buffer.byteLength(text)), `seed ${seed}`).toBe(text);
    expect(JSON.parse(text), `seed ${seed}`).toEqual(value);
    expect(() => encode(value, Buffer.byteLength(text) - 1), `seed ${seed}`).toThrow(
      'over the limit',
    );
  }
});

type Random = (below: number) => number;

/** The same numbers for the same seed: mulberry32. */
function chance(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function randomJson(random: Random, depth: number): unknown {
  const kind = random(depth > 5 ? 4 : 7);
  if (kind === 0) return [null, true, false][random(3)];
  if (kind === 1) return randomNumber(random);
  if (kind <= 3) return randomText(random);
  const items = Array.from({ length: random(6) }, () => randomJson(random, depth + 1));
  if (kind <= 5) return items;
  return Object.fromEntries(items.map((item) => [randomText(random), item]));
}

function randomNumber(random: Random): number {
  const sign = random(2) === 0 ? 1 : -1;
  // Plus 0: JSON has no negative zero.
  return sign * random(2 ** 32) * 10 ** (random(40) - 20) + 0;
}

function randomText(random: Random): string {
  const ranges = [0x20, 0x80, 0x800, 0xffff];
  const units = Array.from({ length: random(12) }, () => random(ranges[random(4)] ?? 1));
  return String.fromCharCode(...units);
}
