import { expect, test } from 'vitest';
import { putBack } from './redacted-edit.js';

const original = {
  user: 'ann',
  token: 't-1',
  cards: [
    { bank: 'A', number: 1 },
    { bank: 'B', number: 2 },
  ],
};
const [first, second] = original.cards.map((card) => ({ ...card, number: '[redacted]' }));
const redacted = { ...original, token: '[redacted]', cards: [first, second] };
const at = { original, redacted };

test('what was hidden is put back where it was, beside what was edited', () => {
  expect(putBack(redacted, at)).toEqual(original);
  expect(putBack({ ...redacted, user: 'bob' }, at)).toEqual({ ...original, user: 'bob' });
  expect(putBack({ ...redacted, token: 'mine' }, at)).toEqual({ ...original, token: 'mine' });
  expect(putBack('[redacted]', { original: 'secret', redacted: '[redacted]' })).toBe('secret');
  // As it was pushed.
  expect(putBack(redacted, { original: redacted, redacted })).toEqual(redacted);
});

test.each([
  ['another name', { secret: '[redacted]' }, '`secret`'],
  ['another depth', { token: { of: '[redacted]' } }, '`token.of`'],
  ['another order', { cards: [second, first] }, '`cards[0].number`'],
  ['one less', { cards: [second] }, '`cards[0].number`'],
  ['one more', { cards: [first, second, second] }, '`cards[0].number`'],
  ['an edited element', { cards: [first, { ...second, bank: 'C' }] }, '`cards[1].number`'],
])('no secret goes to where it was not: %s', (_what, edited, place) => {
  expect(() => putBack(edited, at)).toThrow(
    expect.objectContaining({ code: 'PAYLOAD_INVALID', message: expect.stringContaining(place) }),
  );
});

test('a name that objects have is a name', () => {
  const odd = JSON.parse('{"__proto__": "[redacted]", "constructor": 1}') as unknown;
  const whole = JSON.parse('{"__proto__": "secret", "constructor": 1}') as unknown;
  expect(putBack(odd, { original: whole, redacted: odd })).toEqual(whole);
  expect(() => putBack({ constructor: '[redacted]' }, { original: {}, redacted: {} })).toThrow();
});
