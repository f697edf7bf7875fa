import { cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { ROOT } from '../../../scripts/run-program.mjs';

const COPIED = ['apps', 'libs', 'scripts', 'package.json', 'tsconfig.base.json', '.npmrc'];

/** Where the packages of this workspace are. */
const PROJECTS = {
  broker: 'libs/broker',
  cli: 'apps/cli',
  commands: 'libs/commands',
  gateway: 'apps/gateway',
  http: 'libs/http',
  local: 'libs/local',
  sdk: 'apps/producer-sdk',
  shared: 'libs/shared',
  telemetry: 'libs/telemetry',
  testing: 'libs/testing',
  worker: 'apps/worker',
};

/**
 * Copies the sources of the workspace to a folder and links its tools there. Packing puts folders into a package for a moment,
 * which the tests that run beside this one must not see.
 */
export async function copyWorkspace(folder: string): Promise<void> {
  for (const name of COPIED)
    await cp(join(ROOT, name), join(folder, name), {
      recursive: true,
      preserveTimestamps: true,
      filter: isCopied,
    });
  const modules = join(ROOT, 'node_modules');
  await mkdir(join(folder, 'node_modules/@goflow'), { recursive: true });
  for (const name of await readdir(modules))
    if (!name.startsWith('.') && name !== '@goflow')
      await symlink(join(modules, name), join(folder, 'node_modules', name));
  for (const [name, project] of Object.entries(PROJECTS))
    await symlink(join(folder, project), join(folder, 'node_modules/@goflow', name));
}

/** Not what somebody who packs in the workspace at this moment has put there. */
function isCopied(path: string): boolean {
  return !relative(ROOT, path).split(sep).join('/').includes('node_modules/@goflow');
}
