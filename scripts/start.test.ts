import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { startProgram, thisMachine } from '@goflow/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from './run-program.mjs';

/** A first build and the job, on a slow machine. */
const TIMEOUT_MS = 180_000;

/** What no clone has. */
const LEFT_OUT = /^(node_modules|dist|\.git|\.nx|.*\.tsbuildinfo)$/;

describe('a fresh clone on a machine where no Redis can be had', () => {
  let folder: string;
  const clone = () => join(folder, 'clone');
  const programs = () => join(folder, 'programs');

  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'goflow-start-')));
    await copyTo(clone());
    await linkPrograms(programs());
  }, TIMEOUT_MS);

  afterAll(() => rm(folder, { recursive: true }));

  async function runScript(name: string, ...args: string[]) {
    await using program = startProgram(join(clone(), 'scripts', name), args, {
      cwd: clone(),
      env: { PATH: programs(), INIT_CWD: clone() },
    });
    const { code } = await program.exited;
    return { code, stdout: program.stdout, stderr: program.stderr };
  }

  test(
    'npm start does the main job in local mode',
    async () => {
      const run = await runScript('start.mjs', 'libs/shared/src');
      expect(run).toMatchObject({ code: 0, stderr: '' });
      expect(run.stdout).toMatch(/^ {2}local mode .*there is no Redis, and it was not installed/m);
      expect(run.stdout).toMatch(/^ {2}checked +\d+ results equal our own computation$/m);
    },
    TIMEOUT_MS,
  );

  test(
    'an example that needs Redis says what to do, and nothing else',
    async () => {
      const run = await runScript('example.mjs', '01');
      expect(run).toMatchObject({ code: 1, stdout: '' });
      expect(run.stderr).toMatch(/^goflow needs Redis and there is none: install .*\nExamples 04/);
      expect(run.stderr).not.toContain(' at ');
    },
    TIMEOUT_MS,
  );
});

/** The sources, with the dependencies that are installed here. */
async function copyTo(clone: string): Promise<void> {
  await cp(ROOT, clone, {
    recursive: true,
    filter: (path) => path === ROOT || !LEFT_OUT.test(basename(path)),
  });
  const [from, to] = [join(ROOT, 'node_modules'), join(clone, 'node_modules')];
  await mkdir(to);
  for (const name of await readdir(from))
    if (name !== '@goflow') await symlink(join(from, name), join(to, name));
  // Versions that only one project has.
  for (const group of ['apps', 'libs'])
    for (const project of await readdir(join(ROOT, group))) {
      const own = join(ROOT, group, project, 'node_modules');
      if (existsSync(own)) await symlink(own, join(clone, group, project, 'node_modules'));
    }
  // Relative links, which are to lead to the copy.
  await cp(join(from, '@goflow'), join(to, '@goflow'), { recursive: true, verbatimSymlinks: true });
}

/** What a build runs: no Redis, and no package manager that could install one. */
async function linkPrograms(folder: string): Promise<void> {
  await mkdir(folder);
  await symlink(process.execPath, join(folder, 'node'));
  for (const name of ['npm', 'sh']) {
    const path = thisMachine().find(name);
    if (path === undefined) throw new Error(`there is no ${name} on the PATH`);
    await symlink(path, join(folder, name));
  }
}
