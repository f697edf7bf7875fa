import { expect, test } from 'vitest';
import { suggest } from './suggest.js';

const KNOWN = ['email.send', 'image.resize', 'echo'];

test.each([
  ['emial.send', 'email.send'],
  ['email.sent', 'email.send'],
  ['image-resize', 'image.resize'],
  ['ecko', 'echo'],
  ['nothing', undefined],
  ['', undefined],
])('%s: %s', (word, meant) => {
  expect(suggest(word, KNOWN)).toBe(meant);
});
