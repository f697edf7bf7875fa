import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { programOf, ROOT } from '../../../scripts/run-program.mjs';
import { runIn } from '../packages/run-in.js';
import { moduleOf } from './page-module.js';

const TIMEOUT_MS = 120_000;

/** What becomes of the examples of a page: all are compiled. */
const PAGES = {
  'README.md': 'readme.ts',
  'docs/lifecycle.md': 'lifecycle.ts',
  'docs/chunks.md': 'chunks.ts',
  'docs/local-mode.md': 'local-mode.ts',
  'docs/testing.md': 'testing.test.ts',
};

const COMPILER_OPTIONS = {
  target: 'es2022',
  module: 'nodenext',
  lib: ['es2023', 'esnext.disposable'],
  types: ['node'],
  outDir: 'out',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
};

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goflow-docs-'));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const config = { compilerOptions: COMPILER_OPTIONS, include: ['*.ts'] };
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  await mkdir(join(folder, 'out'));
  for (const [page, file] of Object.entries(PAGES))
    await writeFile(join(folder, file), moduleOf(await readFile(join(ROOT, page), 'utf8')));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test(
  'the examples of the pages compile',
  async () => {
    expect(await runIn(folder, programOf('typescript', 'tsc'))).toBe('');
  },
  TIMEOUT_MS,
);

test(
  'the examples of local mode print what the page says',
  async () => {
    const printed = await runIn(folder, [process.execPath, 'out/local-mode.js']);
    const [hello, four, state, ...rest] = printed.trim().split('\n');
    expect([hello, four, ...rest]).toEqual(['hello', '4', '42', 'repeater delayed tomorrow']);
    expect(state).toMatch(/^(waiting|active|completed)$/);
  },
  TIMEOUT_MS,
);

test(
  'the examples of testing are tests that pass',
  async () => {
    const vitest = [...programOf('vitest'), 'run', '--root', folder, '--dir', 'out'];
    expect(await runIn(folder, vitest)).toContain('4 passed');
  },
  TIMEOUT_MS,
);
