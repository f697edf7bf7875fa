// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the scanner is given templates to read.
import { expect, test } from 'vitest';
import { codeOf, importsOf, linesOf } from './source-text.js';
import { readRepository } from './source-tree.js';

test.each([
  ['// gone', '       '],
  ['/* gone\n */x', '       \n   x'],
  ["a('text')", "a('    ')"],
  [String.raw`a("t\"ext")`, 'a("      ")'],
  ['`a${b}c${`d${e}`}f`', '`   b}   `   e} }  '],
  ['`${{ a: `}` }.a}` + b', '`  { a: `   }.a}  + b'],
  ['x = /[\'"]/g; y', 'x =        ; y'],
  ['x = a / b / c', 'x = a / b / c'],
  ['return /[/]/.test(a)', 'return      .test(a)'],
  ['`it\'s` + "it\'s"', '`      + "    "'],
  ['#!/usr/bin/env node\nx', '                   \nx'],
  ["'https://a' + b", "'         ' + b"],
])('the code of %j', (source, code) => {
  expect(codeOf(source)).toBe(code);
  expect(code).toHaveLength(source.length);
});

test('finds every kind of import, and where it is', () => {
  const source = [
    "import a from 'default';",
    "import { type B, c } from 'named';",
    "import type { D } from 'types';",
    "import type from 'named-type';",
    "import * as e from 'namespace';",
    'import {',
    '  f,',
    '} from "lines";',
    "export { g } from 're-exported';",
    "export type { H } from 'types-re-exported';",
    "export * from 'everything';",
    "import 'effect';",
    "const i = await import('dynamic');",
    "type J = import('import-type').J;",
    "const k = require('required');",
    "const l = import.meta.resolve('not-this'); await import(name);",
    "// import m from 'comment';",
    '/** @example import n from "documentation"; */',
    "const o = `import p from 'template'; ${await import('in-template')}`;",
    'const q = "import r from \'string\'";',
    "export const from = 's'; export interface T { from: 'u' }",
  ].join('\n');
  expect(importsOf(source).map(({ specifier, line }) => `${line} ${specifier}`)).toEqual([
    '1 default',
    '2 named',
    '3 types',
    '4 named-type',
    '5 namespace',
    '6 lines',
    '9 re-exported',
    '10 types-re-exported',
    '11 everything',
    '12 effect',
    '13 dynamic',
    '14 import-type',
    '19 in-template',
    '15 required',
  ]);
  const typeOnly = importsOf(source).filter((given) => given.typeOnly);
  expect(typeOnly.map(({ specifier }) => specifier)).toEqual(['types', 'types-re-exported']);
});

test('finds lines in the code only', () => {
  const source = "// process.env\nconst a = 'process.env';\nprocess.env;\n`${process.env}`;\n";
  expect(linesOf(source, /process\.env/g)).toEqual([3, 4]);
});

test('reads every file of this repository to its end: brackets pair up', () => {
  const sources = readRepository().filter(({ path }) => !path.endsWith('.json'));
  expect(sources.length).toBeGreaterThan(50);
  for (const { path, text } of sources) {
    const code = codeOf(text);
    const count = (char: string) => code.split(char).length;
    expect([count('('), count('[')], path).toEqual([count(')'), count(']')]);
    expect(code, path).toHaveLength(text.length);
  }
});
