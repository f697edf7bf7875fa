import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ChildProgram, type ProgramOptions, startProgram } from '@goflow/testing';
import { onTestFinished } from 'vitest';
import { GOFLOW } from './cli.js';

const MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));

/** A folder of the test's own with these files, which finds these packages of the workspace. Gives its real path. */
export async function newFolder(
  files: Readonly<Record<string, string>>,
  packages: readonly string[] = [],
): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'goflow-cli-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  for (const name of packages) {
    await mkdir(dirname(join(folder, 'node_modules', name)), { recursive: true });
    await symlink(join(MODULES, name), join(folder, 'node_modules', name));
  }
  return folder;
}

/** Starts `goflow …args`, and does not wait for its end; killed when the test ends. */
export function startCli(args: readonly string[], options: ProgramOptions = {}): ChildProgram {
  const program = startProgram(GOFLOW, args, options);
  onTestFinished(() => program[Symbol.asyncDispose]());
  return program;
}
