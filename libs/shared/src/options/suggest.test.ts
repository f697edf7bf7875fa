import fc from 'fast-check';
import { expect, test } from 'vitest';
import { meantBy, suggest } from './suggest.js';

const KNOWN = ['email.send', 'image.resize', 'echo', 'slow'];

test.each([
  ['emial.send', 'email.send'],
  ['email.sent', 'email.send'],
  ['image-resize', 'image.resize'],
  ['imageresise', 'image.resize'],
  ['ecko', 'echo'],
  ['slwo', 'slow'],
  ['slo', 'slow'],
  ['sslow', 'slow'],
  ['wols', undefined],
  ['nothing', undefined],
  ['', undefined],
  ['slow'.repeat(100), undefined],
])('%s: %s', (word, meant) => {
  expect(suggest(word, KNOWN)).toBe(meant);
});

test('the most similar is meant, wherever it stands', () => {
  expect(suggest('report.daily', ['report.dayly', 'report.daly', 'reports.daily'])).toBe(
    'report.dayly',
  );
  expect(suggest('abcdefghi', ['abcdxfyhi', 'abcdefghx'])).toBe('abcdefghx');
});

test('as the end of a sentence', () => {
  expect(meantBy('slwo', KNOWN)).toBe(' did you mean "slow"?');
  expect(meantBy('nothing', KNOWN)).toBe('');
});

test('up to three mistakes in long words, wherever they are, and none more', () => {
  const letters = fc.string({
    unit: fc.constantFrom('a', 'b', 'c', '.'),
    minLength: 12,
    maxLength: 90,
  });
  const places = fc.array(fc.nat(89), { maxLength: 8 });
  fc.assert(
    fc.property(letters, places, (word, at) => {
      const wrong = new Set(at.map((place) => place % word.length));
      // Letters that the word has not: each is a mistake of its own, whatever is aligned with what.
      const typed = [...word].map((letter, index) => (wrong.has(index) ? 'x' : letter)).join('');
      expect(suggest(typed, [word])).toBe(wrong.size <= 3 ? word : undefined);
    }),
  );
});
