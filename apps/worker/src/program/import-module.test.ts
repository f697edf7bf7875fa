import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { importModule } from './import-module.js';

async function importOf(name: string, source: string) {
  const dir = await mkdtemp(join(tmpdir(), 'goflow-import-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, name), source);
  return importModule(join(dir, name));
}

const UNREADABLE = 'const api = { tasks: 1 }; module.exports = api;';

test.each([
  ['names that Node can read', 'exports.tasks = 1;', { tasks: 1 }],
  ['names that it cannot', UNREADABLE, { tasks: 1, default: { tasks: 1 } }],
  ['one thing', 'module.exports = 1;', { default: 1 }],
  ['a default, compiled', 'exports.__esModule = true; exports.default = 1;', { default: 1 }],
  ['both', `${UNREADABLE} api.default = 2;`, { tasks: 1, default: 2 }],
  ['null', 'module.exports = null;', { default: null }],
])('of CommonJS that exports %s', async (_what, source, exported) => {
  expect(await importOf('a.cjs', source)).toMatchObject(exported);
});

test('of an ES module, the names that it exports come first', async () => {
  const source = 'export const tasks = 1; export default { tasks: 2, more: 3 };';
  expect(await importOf('a.mjs', source)).toMatchObject({ tasks: 1, more: 3 });
});
