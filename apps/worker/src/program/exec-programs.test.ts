import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadAll } from './exec-programs.js';
import { createCommand, readSettings } from './flags.js';

const MODULES = { tasks: './tasks.js', handlers: './handlers' };
const SHARED = import.meta.resolve('@goflow/shared');

/** The settings of a command line. */
function read(args: readonly string[], env: Record<string, string> = {}) {
  const command = createCommand('1.2.3').exitOverride().parse(args, { from: 'user' });
  return readSettings(command.opts(), env);
}

test('commands alone are enough: no contracts and no handlers are needed', async () => {
  const settings = read(['--allow-programs', 'php,/usr/bin/env', '--allow-programs', 'node']);
  expect(settings).toMatchObject({ tasks: undefined, handlers: undefined });
  expect(settings.exec).toMatchObject({ allow: ['php', '/usr/bin/env', 'node'], queue: 'exec' });
  const { tasks, handlers } = await loadAll(settings);
  expect([...tasks.contracts.keys()]).toEqual(['exec']);
  expect(handlers.types).toEqual(['exec']);
});

test('the environment says it, too, and is what commands get a part of', () => {
  const env = {
    GOFLOW_ALLOW_PROGRAMS: 'php, node',
    GOFLOW_ALLOW_ENV: 'NODE_OPTIONS',
    GOFLOW_EXEC_QUEUE: 'reports',
  };
  const exec = { allow: ['php', 'node'], allowEnv: ['NODE_OPTIONS'], queue: 'reports', env };
  expect(read([], env).exec).toEqual(exec);
});

test('without --allow-programs there are no commands, and the rest is needed', () => {
  expect(readSettings(MODULES, {}).exec).toBeUndefined();
  expect(() => read([])).toThrow('--tasks <file> (or GOFLOW_TASKS) is missing');
  expect(() => read(['--allow-programs', 'php', '--tasks', 'a.js'])).toThrow('--handlers <dir>');
  expect(() => read(['--allow-programs', 'php', '--handlers', 'a'])).toThrow('--tasks <file>');
});

test.each([
  ['--allow-programs', '', 'names of programs'],
  ['--allow-programs', 'php,', 'names of programs'],
  ['--allow-programs', '../php', 'names of programs'],
  ['--allow-programs', 'bin/php', 'names of programs'],
  ['--allow-programs', '*', 'names of programs'],
  ['--allow-env', 'LD_*', 'names of variables'],
  ['--allow-env', 'A', 'needs --allow-programs'],
  ['--exec-queue', 'A B', 'queue'],
  ['--exec-queue', 'reports', 'needs --allow-programs'],
])('%s %j is refused', (flag, value, why) => {
  const words = flag === '--allow-programs' ? [] : ['--tasks', 'a.js', '--handlers', 'h'];
  expect(() => read([...words, flag, value])).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(why) }),
  );
});

test('beside the user’s own tasks; a type `exec` of theirs is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'goflow-exec-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const write = async (type: string) => {
    const source = `import { defineTasks } from '${SHARED}';
      const any = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };
      export const tasks = defineTasks({ ${type}: { payload: any, result: any } });
      export const handlers = { ${type}: () => 1 };`;
    await writeFile(join(folder, `${type}.mjs`), source);
    return join(folder, `${type}.mjs`);
  };
  const { exec } = read(['--allow-programs', 'php']);
  const loaded = await loadAll({ tasks: await write('mine'), handlers: folder, exec });
  expect([...loaded.tasks.contracts.keys()]).toEqual(['mine', 'exec']);
  expect(loaded.handlers.types).toEqual(['mine', 'exec']);
  await expect(loadAll({ tasks: await write('exec'), handlers: folder, exec })).rejects.toThrow(
    'have a type `exec` of their own',
  );
});
