import { findJsonFault } from '@goflow/shared';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from './parse-json.js';

const parses = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

test('a fault is found exactly where JSON.parse finds one', () => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    'u0041',
    'a',
    '1',
    '-',
    '.',
    'e',
    '0',
    'true',
    'null',
    ' ',
    '\n',
    '"a"',
    '"a":',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), (parts) => {
      const text = parts.join('');
      expect(findJsonFault(text) === undefined, text).toBe(parses(text));
    }),
    { numRuns: 5_000 },
  );
  fc.assert(fc.property(fc.json(), (text) => findJsonFault(text) === undefined));
});

test('what stands before a fault can be the beginning of JSON, what stands there cannot', () => {
  for (const [text, at] of [
    ['', 0],
    ['{"a":1,}', 7],
    ['[1 2]', 3],
    ['{"a" 1}', 5],
    ['"a\nb"', 2],
    ['"\\x"', 1],
    ['01', 1],
    ['[1,2', 4],
    ['"open', 5],
    ['nul', 0],
    ['{} {}', 3],
  ] as const)
    expect(findJsonFault(text)?.at, text).toBe(at);
});

test('deep and long texts are no trouble', () => {
  const deep = '['.repeat(1_000_000);
  expect(findJsonFault(deep)).toEqual({ at: 1_000_000, expected: 'a value or ]' });
  expect(findJsonFault(`"${'a'.repeat(5_000_000)}`)?.at).toBe(5_000_001);
});

test.each([
  ['hello', true, `A text needs quotes: '"hello"'`],
  ['hello', false, 'A text needs quotes: "hello"'],
  [`it's`, true, `A text needs quotes: '"text"'`],
  ['{to:1}', true, 'put single quotes around the whole'],
])('%j (argument: %s): %s', (text, isArgument, hint) => {
  expect(() => parseJson(text, { name: 'PAYLOAD', isArgument })).toThrow(hint);
});

test('the place is marked, and steers no terminal', () => {
  const text = `["é😀", "\u001b[2J", ${'1, '.repeat(50)}x, ${'1, '.repeat(50)}]`;
  const error = thrownBy(() => parseJson(text, { name: 'a.json', line: 7 }));
  const [head = '', line = '', mark = ''] = error.message.split('\n');
  expect(head).toBe(
    'invalid JSON in a.json, line 7, column 9: expected no line break and no control character in a text',
  );
  expect(line.startsWith('  ["é😀", " [2J"')).toBe(true);
  expect([...line][mark.indexOf('^')]).toBe(' ');
  expect(error.message).not.toContain('\u001b');
  expect([...line].length).toBeLessThan(80);
});

function thrownBy(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
