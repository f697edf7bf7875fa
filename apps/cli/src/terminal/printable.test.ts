import { expect, test } from 'vitest';
import { jsonText, manyLines, oneLine } from './printable.js';

/** C0, C1, the line separator, and what turns the direction of text. */
const ALL = 'a\u0000\u001b[2Jb\u0085\u009b31mc\u2028d\u202ee\u2066f\ng';

test('nothing in one line steers a terminal, breaks the line, or turns it', () => {
  expect(oneLine(ALL)).toBe('a b c d e f g');
  expect(manyLines('a\u202eb\r\nc')).toBe('a b\nc');
  expect(oneLine('Grüße, 日本語 🙂')).toBe('Grüße, 日本語 🙂');
});

test('JSON says the same, escaped', () => {
  const text = jsonText(ALL);
  expect(text).not.toMatch(/[\u0080-\u{10ffff}]/u);
  expect(JSON.parse(text)).toBe(ALL);
});
