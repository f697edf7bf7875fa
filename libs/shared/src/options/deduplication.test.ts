import { expect, test } from 'vitest';
import { checkKey, resolveDeduplication } from './deduplication.js';

const refusing = (option: string) =>
  expect.objectContaining({
    code: 'OPTION_INVALID',
    message: expect.stringContaining(`Expected \`${option}\``),
    details: expect.objectContaining({ option }),
  });

test('without a key and a window there is none', () => {
  expect(resolveDeduplication(undefined, undefined)).toBeUndefined();
});

test('a key alone stands while the first is unfinished', () => {
  expect(resolveDeduplication('k', undefined)).toEqual({ key: 'k', mode: 'unique', windowMs: 0 });
});

test('a window is a throttle or a debounce, from 1 ms to what a timer can wait', () => {
  expect(resolveDeduplication('k', { throttle: '1.5s' })).toEqual({
    key: 'k',
    mode: 'throttle',
    windowMs: 1_500,
  });
  expect(resolveDeduplication('k', { debounce: 1 })).toEqual({
    key: 'k',
    mode: 'debounce',
    windowMs: 1,
  });
  const longest = { throttle: 2 ** 31 - 1 };
  expect(resolveDeduplication('k', longest)).toMatchObject({ windowMs: 2_147_483_647 });
});

test.each(['k', 'x'.repeat(256), ' ', 'order 4711 — ünï:cödé 🎉', '{}:*', '0'])(
  'a key may be any text of 1 to 256 characters: %j',
  (key) => {
    expect(checkKey('id', key)).toBe(key);
    expect(resolveDeduplication(key, undefined)).toMatchObject({ key });
  },
);

test.each([
  ['empty', ''],
  ['with half a character', 'a\ud800b'],
  ['of 257 characters', 'x'.repeat(257)],
  ['of 10 kB', 'x'.repeat(10_000)],
  ['a number', 4711],
  ['null', null],
  ['true', true],
  ['an array', ['k']],
  ['an object', { key: 'k' }],
  ['a symbol', Symbol('k')],
])('a key that is %s is refused, and named; it is not shown whole', (_what, key) => {
  for (const window of [undefined, { throttle: 1 }])
    expect(() => resolveDeduplication(key, window)).toThrow(refusing('deduplicationKey'));
  expect(() => checkKey('id', key)).toThrow(refusing('id'));
  expect(() => checkKey('id', key)).toThrow(/^.{0,200}$/);
});

test('an undefined key is refused where a key must be', () => {
  expect(() => checkKey('name', undefined)).toThrow(refusing('name'));
});

test.each([[{ throttle: '1s' }], [{ debounce: '1s' }], [{}], [null], ['1s']])(
  'a window without a key is refused: %j',
  (window) => {
    expect(() => resolveDeduplication(undefined, window as never)).toThrow(
      refusing('deduplicationWindow'),
    );
  },
);

test.each([
  ['deduplicationWindow', null],
  ['deduplicationWindow', '1s'],
  ['deduplicationWindow', 1_000],
  ['deduplicationWindow', []],
  ['deduplicationWindow', ['1s']],
  ['deduplicationWindow', {}],
  ['deduplicationWindow', { throttle: '1s', debounce: '1s' }],
  ['deduplicationWindow', { throttle: '1s', debounce: undefined }],
  ['deduplicationWindow', { ttl: '1s' }],
  ['deduplicationWindow.throttle', { throttle: undefined }],
  ['deduplicationWindow.throttle', { throttle: null }],
  ['deduplicationWindow.throttle', { throttle: '5x' }],
  ['deduplicationWindow.throttle', { throttle: -1 }],
  ['deduplicationWindow.throttle', { throttle: 0 }],
  ['deduplicationWindow.throttle', { throttle: Number.NaN }],
  ['deduplicationWindow.throttle', { throttle: 2 ** 31 }],
  ['deduplicationWindow.throttle', { throttle: '25d' }],
  ['deduplicationWindow.debounce', { debounce: '0s' }],
  ['deduplicationWindow.debounce', { debounce: Number.POSITIVE_INFINITY }],
  ['deduplicationWindow.debounce', { debounce: new Date(0) }],
])('refuses a wrong %s: %j', (option, window) => {
  expect(() => resolveDeduplication('k', window as never)).toThrow(refusing(option));
});
