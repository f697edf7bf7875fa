import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { defineTasks, isGoflowError, type TaskDefinition } from '@goflow/shared';
import { expect, onTestFinished, test } from 'vitest';
import { loadHandlers, loadTasks, moduleFiles } from './load-modules.js';

const anything = {
  '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
} as const;
const definition: TaskDefinition = { payload: anything, result: anything };
const tasks = defineTasks({ a: definition, b: definition, 'c.d': definition });

/** The built package, as the modules of users import it: a copy of its own beside the sources under test. */
const WORKER = import.meta.resolve('@goflow/worker');
const SHARED = import.meta.resolve('@goflow/shared');

const one = (type: string): string =>
  `export const ${type[0]} = { type: '${type}', handler: () => '${type}' };`;

test.each([
  [
    'what defineHandler gave, under any name',
    `
    import { defineHandler } from '${WORKER}';
    export const anyName = defineHandler({ contracts: new Map([['a', { type: 'a' }]]) }, 'a', () => 'a');`,
  ],
  ['what defineHandler gave, as the default', `export default { type: 'a', handler: () => 'a' };`],
  ['several', `${one('a')} ${one('b')}`],
  ['a map named handlers', `export const handlers = { a: () => 'a', 'c.d': async () => 'c.d' };`],
  [
    'the same value under two names',
    `export const x = { type: 'a', handler: () => 'a' }; export { x as default };`,
  ],
  [
    'other things beside it',
    `export const limit = 3, nothing = null, text = 'a', map = { b: 1 }; ${one('a')}`,
  ],
])('a module may export %s', async (_what, source) => {
  const registry = await load({ 'm.mjs': source });
  for (const type of registry.types)
    expect(await registry.get(type)?.(null, {} as never)).toBe(type);
  expect(registry.types).toContain('a');
});

test.each(['handlers', 'registry', 'default'])(
  'a module may export a registry of another copy of goflow as %s',
  async (name) => {
    const source = `
    import { HandlerRegistry } from '${WORKER}';
    import { defineTasks } from '${SHARED}';
    const schema = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };
    const tasks = defineTasks({ a: { payload: schema, result: schema }, b: { payload: schema, result: schema } });
    const made = new HandlerRegistry(tasks).add('a', () => 1).add('b', () => 2);
    export { made as ${name} };`;
    expect((await load({ 'm.mjs': source })).types).toEqual(['a', 'b']);
  },
);

test.each([
  ['exports.handlers', `exports.handlers = { a: () => 'a' };`],
  ['module.exports with handlers', `module.exports = { handlers: { a: () => 'a' } };`],
  ['module.exports as a definition', `module.exports = { type: 'a', handler: () => 'a' };`],
])('a CommonJS module may use %s', async (_what, source) => {
  expect((await load({ 'm.cjs': source })).types).toEqual(['a']);
});

test('every .js, .mjs and .cjs file is loaded, in it and below, whatever its directory is called', async () => {
  const registry = await load({
    'package.json': '{ "type": "module" }',
    'a.js': one('a'),
    'deep/er/b.mjs': one('b'),
    'with space/ü.cjs': `exports.c = { type: 'c.d', handler: () => 1 };`,
  });
  expect([...registry.types].sort()).toEqual(['a', 'b', 'c.d']);
});

test('tests, dot files, _files, node_modules, declarations and everything else are passed over', async () => {
  const bomb = `throw new Error('this module must not be loaded');`;
  const skipped =
    'a.test.mjs a.spec.js a.test.cjs .hidden.mjs _helper.mjs a.d.ts a.d.mts a.mts a.spec.ts _a.ts a.json a.mjs.map README.md mjs ' +
    'node_modules/x/index.js .git/hook.mjs _fixtures/a.mjs below/_private.mjs below/.dot/a.mjs below/node_modules/y.mjs';
  const files = Object.fromEntries(skipped.split(' ').map((file) => [file, bomb]));
  const loaded = { 'a.mjs': one('a'), 'node_modules.mjs': one('b'), 'contest.mjs': one('c.d') };
  expect((await load({ ...files, ...loaded })).types).toHaveLength(3);
});

test('an underscore or a dot above the directory does not matter', async () => {
  const dir = await write({ '_up/.here/a.mjs': one('a') });
  expect((await loadHandlers(join(dir, '_up/.here'), tasks)).types).toEqual(['a']);
});

test('what links lead to outside of the directory is not loaded', async () => {
  const outside = await write({ 'b.mjs': one('b'), 'sub/c.mjs': one('c.d') });
  const dir = await write({ 'a.mjs': one('a') });
  await symlink(join(outside, 'b.mjs'), join(dir, 'b.mjs'));
  await symlink(join(outside, 'sub'), join(dir, 'sub'));
  expect((await loadHandlers(dir, tasks)).types).toEqual(['a']);
});

test('a directory that is a link to outside is not looked into, nor a link with dots in it', async () => {
  const outside = await write({ 'evil.mjs': "throw new Error('this ran');" });
  const dir = await write({ 'a.mjs': one('a') });
  await symlink(outside, join(dir, 'deep'));
  await symlink(join('..', '..', '..', '..', 'etc', 'passwd'), join(dir, 'passwd.mjs'));
  await symlink(join(outside, 'evil.mjs'), join(dir, 'evil.mjs'));
  expect((await loadHandlers(dir, tasks)).types).toEqual(['a']);
});

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', ''])(
  'a handler of %j is one of a type that there is not',
  async (type) => {
    const name = JSON.stringify(type);
    for (const source of [
      `export const x = { type: ${name}, handler: () => 1 };`,
      `export const handlers = JSON.parse('{${name.replace(/"/g, '\\"')}:1}');`,
    ])
      expect(await refusal(load({ 'm.mjs': source }))).toMatchObject({
        code: expect.stringMatching(/^(TASK_TYPE_UNKNOWN|HANDLER_INVALID)$/),
      });
    expect('handler' in {}).toBe(false);
  },
);

test('data beside the handlers is not loaded: .json, .node, .wasm', async () => {
  const dir = await write({
    'a.mjs': one('a'),
    'b.json': '{"type":"b"}',
    'c.node': '',
    'd.wasm': '',
  });
  expect((await loadHandlers(dir, tasks)).types).toEqual(['a']);
});

test('TypeScript is a module, too, but for what is compiled beside it', async () => {
  const dir = await write({
    'a.mjs': one('a'),
    'a.mts': '',
    'b.ts': '',
    'below/c.cts': '',
    'd.js': '',
    'd.ts': '',
    'd.d.ts': '',
  });
  const found = ['a.mjs', 'b.ts', 'below/c.cts', 'd.js'].map((file) => join(dir, file));
  expect(await moduleFiles(dir)).toEqual(found);
});

test('the directory itself may be a link', async () => {
  const dir = await write({ 'a.mjs': one('a') });
  const link = join(await write({}), 'link');
  await symlink(dir, link);
  expect((await loadHandlers(link, tasks)).types).toEqual(['a']);
});

test.each([
  ['a syntax error', `export const = ;`, 'cannot be loaded'],
  ['an import of nothing', `import 'no-such-package-here';`, 'no-such-package-here'],
  ['an error while it loads', `throw new Error('no config');`, 'no config'],
  ['a string thrown', `throw 'just a string';`, 'just a string'],
  ['null thrown', `throw null;`, 'null'],
  ['nothing exported', `const a = 1;`, 'exports no handler'],
  ['only a function exported', `export default () => 1;`, 'exports no handler'],
  ['a map that is not called handlers', `export const all = { a: () => 1 };`, 'exports no handler'],
  ['handlers that are no object', `export const handlers = 'a';`, 'exports no handler'],
  [
    'a handler that is no function',
    `export const handlers = { a: 'a' };`,
    'the handler of a is no function but string',
  ],
  [
    'a definition without a function',
    `export const a = { type: 'a', handler: 1 };`,
    'exports no handler',
  ],
  ['an unknown type', `export const handlers = { nope: () => 1 };`, 'no task type "nope"'],
  [
    'a type of every object',
    `export const handlers = { toString: () => 1 };`,
    'no task type "toString"',
  ],
])('%s in a module: it is named', async (_what, source, why) => {
  const dir = await write({ 'broken.mjs': source });
  const error = await refusal(loadHandlers(dir, tasks));
  const code = why.startsWith('no task type') ? 'TASK_TYPE_UNKNOWN' : 'HANDLER_INVALID';
  expect(error).toMatchObject({ code });
  expect(error.message).toContain(join(dir, 'broken.mjs'));
  expect(error.message).toContain(why);
});

test('a helper among the handlers: the message says what to do, and that is taken', async () => {
  const helper = 'export const round = (number) => Math.round(number);';
  const error = await refusal(load({ 'a.mjs': one('a'), 'lib/round.mjs': helper }));
  expect(error.message).toMatch(
    /lib\/round\.mjs exports no handler: .* begin its name, .* with `_`$/,
  );
  for (const name of ['_round.mjs', '_lib/round.mjs', 'lib/_round.mjs', 'round.test.mjs'])
    expect((await load({ 'a.mjs': one('a'), [name]: helper })).types).toEqual(['a']);
});

test('the cause of what a module threw is kept', async () => {
  const dir = await write({ 'broken.mjs': `throw new RangeError('no config');` });
  expect((await refusal(loadHandlers(dir, tasks))).cause).toMatchObject({ name: 'RangeError' });
});

test('two modules with a handler of one type: both are named', async () => {
  const dir = await write({
    'one.mjs': one('a'),
    'two/again.mjs': `export const handlers = { b: () => 1, a: () => 1 };`,
  });
  const error = await refusal(loadHandlers(dir, tasks));
  expect(error).toMatchObject({ code: 'HANDLER_DUPLICATE' });
  expect(error.message).toBe(
    `a has a handler in ${join(dir, 'one.mjs')} and in ${join(dir, 'two/again.mjs')}`,
  );
});

test('one module with two handlers of one type is refused, too', async () => {
  const dir = await write({ 'm.mjs': `${one('a')} export const handlers = { a: () => 2 };` });
  expect(await refusal(loadHandlers(dir, tasks))).toMatchObject({ code: 'HANDLER_DUPLICATE' });
});

test.each([
  ['that is not there', 'nowhere', 'there is no directory'],
  ['that is a file', 'a.mjs', 'is no directory of handler modules'],
  ['that is empty', 'empty', 'there is no handler module in'],
  ['with nothing to load', 'nothing', 'there is no handler module in'],
])('a directory %s is named', async (_what, name, why) => {
  const dir = await write({ 'a.mjs': one('a'), 'nothing/_a.mjs': one('a') });
  await mkdir(join(dir, 'empty'));
  const error = await refusal(loadHandlers(join(dir, name), tasks));
  expect(error).toMatchObject({ code: 'HANDLER_INVALID' });
  expect(error.message).toContain(join(dir, name));
  expect(error.message).toContain(why);
});

const defined = `
  import { defineTasks } from '${SHARED}';
  const schema = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };
  const defined = defineTasks({ a: { payload: schema, result: schema } });`;

test.each(['tasks', 'default'])(
  'contracts are the export %s, of any copy of goflow',
  async (name) => {
    const dir = await write({ 'tasks.mjs': `${defined} export { defined as ${name} };` });
    expect([...(await loadTasks(join(dir, 'tasks.mjs'))).contracts.keys()]).toEqual(['a']);
  },
);

test.each([
  ['is not there', undefined, 'cannot be loaded'],
  ['has a syntax error', 'export const = ;', 'cannot be loaded'],
  ['throws', `throw new Error('no config');`, 'no config'],
  ['exports no contracts', `export const tasks = { a: {} };`, 'exports no `tasks`'],
  ['exports null', `export const tasks = null; export default null;`, 'exports no `tasks`'],
  [
    'exports them under another name',
    `${defined} export { defined as contracts };`,
    'exports no `tasks`',
  ],
])('a module of contracts that %s is named', async (_what, source, why) => {
  const dir = await write(source === undefined ? {} : { 'tasks.mjs': source });
  const error = await refusal(loadTasks(join(dir, 'tasks.mjs')));
  expect(error).toMatchObject({ code: 'OPTION_INVALID' });
  expect(error.message).toContain(join(dir, 'tasks.mjs'));
  expect(error.message).toContain(why);
});

async function load(files: Readonly<Record<string, string>>) {
  return loadHandlers(await write(files), tasks);
}

/** Writes files into a directory of the test's own, and gives its real path. */
async function write(files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'goflow-modules-')));
  onTestFinished(() => rm(dir, { recursive: true }));
  for (const [name, source] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), source);
  }
  return dir;
}

async function refusal(loading: Promise<unknown>): Promise<Error> {
  const error = await loading.then(
    () => new Error('nothing was refused'),
    (thrown: unknown) => thrown,
  );
  if (isGoflowError(error)) return error;
  throw error;
}

test('a module whose top-level await never ends is named, instead of a program that ends as if all were well', async () => {
  const dir = await write({ 'tasks.mjs': 'await new Promise(() => {});', 'h/a.mjs': one('a') });
  expect(await refusal(loadTasks(join(dir, 'tasks.mjs'), 50))).toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringContaining('tasks.mjs cannot be loaded: it took longer than') as string,
  });
  expect(await refusal(loadHandlers(dir, tasks, 50))).toMatchObject({ code: 'HANDLER_INVALID' });
});
