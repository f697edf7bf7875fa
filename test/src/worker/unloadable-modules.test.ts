import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { newFolder } from '../cli/folder.js';
import { runIn } from '../packages/run-in.js';

// In processes of their own: vitest reads the modules of its own process itself.

const HERE = fileURLToPath(new URL('.', import.meta.url));
const LOAD = `import { loadTasks } from '@goflow/worker/modules';
  await loadTasks(process.argv[1]).then(() => console.log('loaded'), (error) => console.log(error.message));`;

/** What is said of the first of these files, which cannot be loaded; paths are told from there. */
async function said(files: Readonly<Record<string, string>>): Promise<string> {
  return saidOf(await newFolder(files), Object.keys(files)[0] ?? '');
}

async function saidOf(folder: string, file: string): Promise<string> {
  const program = [process.execPath, '--input-type=module', '-e', LOAD, `${folder}/${file}`];
  return (await runIn(HERE, program)).trim().replaceAll(`${folder}/`, '');
}

const OF_NOTHING = '// where it is\nexport const url = new URL(undefined);';

test('what an imported module threw is told with its line, not with that of Node', async () => {
  const message = await said({ 'h/a.mjs': `import '../lib0/db.mjs';`, 'lib0/db.mjs': OF_NOTHING });
  expect(message).toBe('h/a.mjs cannot be loaded: Invalid URL (at lib0/db.mjs:2:20)');
});

test('three places of the user are told, and none of packages', async () => {
  const message = await said({
    'a.mjs': `import './db.mjs';`,
    'db.mjs': `import { call } from 'pg0';
const one = () => call(() => new URL(undefined));
const two = () => one();
const three = () => two();
three();`,
    'node_modules/pg0/index.js': 'exports.call = (f) => f();',
  });
  const places = 'db.mjs:2:30, db.mjs:2:19, db.mjs:3:19';
  expect(message).toBe(`a.mjs cannot be loaded: Invalid URL (at ${places})`);
});

test('where only a package is on the way, its place is told', async () => {
  const message = await said({
    'a.mjs': `import 'pg0';`,
    'node_modules/pg0/package.json': '{"type":"module","exports":"./index.js"}',
    'node_modules/pg0/index.js': OF_NOTHING,
  });
  const place = 'node_modules/pg0/index.js:2:20';
  expect(message).toBe(`a.mjs cannot be loaded: Invalid URL (at ${place})`);
});

test.each<[what: string, files: Record<string, string>, place: string]>([
  ['in the module itself', { 'a.mjs': '\n\nconst = 1;' }, 'a.mjs:3'],
  [
    'in one that it imports',
    { 'a.mjs': `import './b c.mjs'`, 'b c.mjs': '\nlet = ;' },
    'b c.mjs:2',
  ],
  ['in CommonJS', { 'a.cjs': '\nconst = 1;' }, 'a.cjs:2'],
  [
    'an import of what is not there',
    { 'a.mjs': `\nimport { b } from './b.mjs'`, 'b.mjs': '' },
    'a.mjs:2',
  ],
])('a syntax error has its file and line: %s', async (_what, files, place) => {
  const message = await said(files);
  expect(message).toMatch(/^a\.[cm]js cannot be loaded: /);
  expect(message).toContain(` (at ${place})`);
  expect(message.split('\n')).toHaveLength(1);
});

test('to look for a syntax error runs nothing a second time', async () => {
  const runs = `import { appendFileSync } from 'node:fs';
appendFileSync(new URL('runs', import.meta.url), 'once');
await import('./b.mjs');`;
  const folder = await newFolder({ 'a.mjs': runs, 'b.mjs': 'const = 1;' });
  expect(await saidOf(folder, 'a.mjs')).toMatch(/^a\.mjs cannot be loaded: Unexpected token/);
  expect(await readFile(`${folder}/runs`, 'utf8')).toBe('once');
});
