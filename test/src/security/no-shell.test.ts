import { expect, test } from 'vitest';
import { importsOf, linesOf } from '../laws/source-text.js';
import {
  isSource,
  isTest,
  type Law,
  readRepository,
  type SourceFile,
} from '../laws/source-tree.js';

// What ships makes no code of text, and starts other programs in two files only, without a shell.

const MODULES = /^(?:node:)?(?:child_process|vm|repl|inspector)(?:\/|$)/;
const CALLS =
  /(?<![.\w])(?:eval|execSync|execFile|spawn|fork)\s*\(|\bnew Function\b|(?<![.\w])Function\s*\(|\bshell\s*:\s*true\b|\bsetTimeout\s*\(\s*['"`]/g;
const SHIPPED = /^(?:apps|libs)\//;
/** A program of a user's own and its parts; what tests are made with is never shipped. */
const EXEMPT = /^libs\/testing\//;
/** Where programs are started, and with what; nothing else is allowed there: commands, and the worker of --watch. */
const HOMES: Readonly<Record<string, RegExp>> = {
  'libs/commands/src/start-process.ts': starts('spawn'),
  'apps/cli/src/watch/watched-worker.ts': starts('fork'),
  // What is run there are the installed files of the command, which Node would run without it.
  'apps/cli/bin/load-bundle.js': /const vm = require\('node:vm'\);/g,
};
const HOME = 'libs/commands/src/start-process.ts';

function starts(name: string): RegExp {
  const imported = `import \\{ (?:type \\w+, )?${name} \\} from 'node:child_process';`;
  return new RegExp(`${imported}|(?<![.\\w])${name}\\(`, 'g');
}

/** Without what is at home there. */
function withoutStarts({ path, text }: SourceFile): SourceFile {
  const home = HOMES[path];
  return home ? { path, text: text.replaceAll(home, '') } : { path, text };
}

const law: Law = (files) =>
  files
    .filter((file) => isSource(file) && SHIPPED.test(file.path))
    .filter(({ path }) => !EXEMPT.test(path) && !isTest(path))
    .map(withoutStarts)
    .flatMap(({ path, text }) => [
      ...importsOf(text)
        .filter(({ specifier }) => MODULES.test(specifier))
        .map(({ specifier, line }) => `${path}:${line}: imports ${specifier}`),
      ...linesOf(text, CALLS).map((line) => `${path}:${line}: runs text or a program`),
    ]);

const planted = (text: string, path = 'apps/worker/src/x.ts') => law([{ path, text }]);

test.each([
  "import { exec } from 'node:child_process';",
  "import cp from 'child_process';",
  "const { spawn } = await import('node:child_process');",
  "import vm from 'node:vm';",
  'eval(text);',
  'const f = new Function(text);',
  "run('ls', { shell: true });",
  "spawn('ls');",
  "setTimeout('code', 1);",
])('%s is found', (text) => {
  expect(planted(text)).toHaveLength(1);
});

test.each([
  'PATTERN.exec(text);',
  '// eval(text)',
  "const what = 'eval(text)';",
  'redis.eval(script, 0);',
  'this.spawn();',
  'const retrieval = evaluate(x);',
])('%s is nothing', (text) => {
  expect(planted(text)).toEqual([]);
});

test('tests and what they are made with may start programs', () => {
  const text = "import { spawn } from 'node:child_process';";
  expect(planted(text, 'libs/testing/src/process/x.ts')).toEqual([]);
  expect(planted(text, 'apps/worker/src/x.test.ts')).toEqual([]);
});

test.each([
  "import { exec, spawn } from 'node:child_process'; exec('ls');",
  "import { type A, spawn } from 'node:child_process'; spawn('ls', [], { shell: true });",
  "import { type A, spawn } from 'node:child_process'; eval(text);",
])('where commands are started, this is found: %s', (text) => {
  expect(planted(text, HOME)).not.toEqual([]);
});

test('where commands are started, starting them is all right', () => {
  const text =
    "import { type A, spawn } from 'node:child_process';\nspawn('ls', { shell: false });";
  expect(planted(text, HOME)).toEqual([]);
  expect(planted(text)).toHaveLength(2);
});

test('nothing that ships starts a program in another place, or runs text', () => {
  const files = readRepository();
  expect(files.length).toBeGreaterThan(100);
  expect(law(files)).toEqual([]);
});
