import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineTasks } from './define-tasks.js';
import { redactLogFields, redactPayload } from './redaction.js';

const SECRET = 'a secret';
const R = '[redacted]';

const tasksWith = (redact: unknown) =>
  defineTasks({ a: { payload: z.any(), result: z.any(), redact } } as never);

test.each<[redact: string[], payload: unknown, shown: unknown]>([
  [[], { password: 'x' }, { password: 'x' }],
  [['password'], { password: SECRET, user: 'x' }, { password: R, user: 'x' }],
  [['password'], { user: { password: 'x' } }, { user: { password: 'x' } }],
  [['card.number'], { card: { number: SECRET, of: 1 } }, { card: { number: R, of: 1 } }],
  [['card'], { card: { number: SECRET } }, { card: R }],
  [['card', 'card.number'], { card: { number: SECRET } }, { card: R }],
  [['card.number'], { card: 'none', cards: 1 }, { card: 'none', cards: 1 }],
  [['card.number'], { card: null }, { card: null }],
  [['cards.number'], { cards: [{ number: SECRET }, 5] }, { cards: [{ number: R }, 5] }],
  [['cards.*.number'], { cards: [{ number: SECRET }] }, { cards: [{ number: R }] }],
  [['cards.*.number'], { cards: { one: { number: SECRET } } }, { cards: { one: { number: R } } }],
  [['cards.*'], { cards: [SECRET, [SECRET]] }, { cards: [R, R] }],
  [['number'], [{ number: SECRET }], [{ number: R }]],
  [['*.token'], { a: { token: SECRET }, b: 'x' }, { a: { token: R }, b: 'x' }],
  [['*'], { a: SECRET, b: { c: SECRET } }, { a: R, b: R }],
  [['*'], SECRET, R],
  [['password'], 'no object', 'no object'],
  [['password'], undefined, undefined],
  [['a b'.replace(' ', '-')], { 'a-b': SECRET }, { 'a-b': R }],
  [['toString'], {}, {}],
])('%j of %j is shown as %j', (redact, payload, shown) => {
  const before = structuredClone(payload);
  expect(redactPayload(tasksWith(redact), 'a', payload)).toEqual(shown);
  expect(payload).toEqual(before);
});

test('a key __proto__ stays a key', () => {
  const payload: unknown = JSON.parse('{"__proto__":{"x":"a secret"}}');
  const shown = redactPayload(tasksWith(['__proto__.x']), 'a', payload);
  expect(JSON.stringify(shown)).toBe('{"__proto__":{"x":"[redacted]"}}');
});

test.each<[redact: string[], fields: object, shown: object]>([
  [['password'], { password: SECRET, ms: 5 }, { password: R, ms: 5 }],
  [['password'], { payload: { password: SECRET } }, { payload: { password: R } }],
  [['password'], { order: { password: SECRET, n: 1 } }, { order: { password: R, n: 1 } }],
  [['card.number'], { card: { number: SECRET } }, { card: { number: R } }],
  [['card.number'], { all: [{ card: { number: SECRET } }] }, { all: [{ card: { number: R } }] }],
  [['*.token'], { a: { token: SECRET } }, { a: { token: R } }],
  [['*'], { payload: { a: SECRET }, ms: 5 }, { payload: { a: R }, ms: 5 }],
  [['*'], { payload: SECRET, ms: 5 }, { payload: R, ms: 5 }],
  [
    ['*.*'],
    { payload: { a: { b: SECRET } }, in: { ms: 5 } },
    { payload: { a: { b: R } }, in: { ms: 5 } },
  ],
])('with %j, the fields %j of a log are shown as %j', (redact, fields, shown) => {
  const paths = tasksWith(redact).contracts.get('a')?.redact ?? [];
  expect(redactLogFields(fields, paths)).toEqual(shown);
});

test('fields of a log that hold nothing redacted are the same objects; an error stays one', () => {
  const paths = [['password']];
  const fields = { err: new Error('no'), at: new Date(0), list: [Number.NaN] };
  expect(redactLogFields(fields, paths)).toBe(fields);
  const err = Object.assign(new TypeError('no'), { password: SECRET });
  const { err: shown } = redactLogFields({ err }, paths) as { err: typeof err };
  expect(shown).toBeInstanceOf(TypeError);
  expect(shown).toMatchObject({ message: 'no', stack: err.stack, password: R });
  expect(err.password).toBe(SECRET);
});

test('fields of a log that cannot be looked through are left out', () => {
  const ring: unknown[] = [SECRET];
  ring.push(ring);
  expect(redactLogFields({ ring }, [['password']])).toEqual({});
});

test('without a contract there is nothing to go by', () => {
  expect(redactPayload(tasksWith(['*']), 'b', SECRET)).toBe(SECRET);
});

test.each([
  ['password'],
  { password: true },
  [['']],
  [['.']],
  [['a.']],
  [['.a']],
  [['a..b']],
  [['a[0]']],
  [['a["b"]']],
  [['a b']],
  [['a*']],
  [['**']],
  [['x'.repeat(257)]],
  [[5]],
  [[null]],
  [Array.from({ length: 101 }, () => 'a')],
  null,
])('%j is no list of paths', (given) => {
  const redact = Array.isArray(given) ? given[0] : given;
  expect(() => tasksWith(redact)).toThrow(
    expect.objectContaining({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('Expected `a.redact'),
    }),
  );
});
