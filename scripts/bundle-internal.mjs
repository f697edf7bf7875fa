// `prepack` and `postpack` of a published package. Its internal packages (@goflow/shared …) are private, so they travel
// inside its tarball: `bundle` builds, and puts them as real folders where npm looks for bundled dependencies; `unbundle`
// takes them away again, because a copy that stays would hide the sources from all that runs in this workspace.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { programOf, ROOT, run } from './run-program.mjs';

/**
 * @typedef {{ name: string, bundleDependencies?: string[], scripts?: object, private?: boolean }} Manifest
 */

/** What the files of bundle-cli.mjs begin with. */
export const BUNDLE = 'bundle-';

/**
 * Builds the package in `folder` and puts the packages that it bundles into its node_modules.
 *
 * @param {string} folder
 * @throws Error when the workspace is not set up, the build fails, or a bundled package is not in libs/.
 */
export async function bundle(folder) {
  if (!existsSync(join(ROOT, 'node_modules', 'typescript')))
    throw new Error(`nothing is installed to build with: run \`npm run setup\` in ${ROOT} first`);
  await build(folder);
  removeStale(folder);
  unbundle(folder);
  const libraries = librariesByName();
  for (const name of bundledBy(folder)) {
    const library = libraries.get(name);
    if (library === undefined) throw new Error(`${name} is bundled by ${folder}, but not in libs/`);
    removeStale(library);
    copyBuilt(library, join(folder, 'node_modules', name));
  }
}

/**
 * Takes away what {@link bundle} put there.
 *
 * @param {string} folder
 */
export function unbundle(folder) {
  for (const name of bundledBy(folder)) {
    const copy = join(folder, 'node_modules', name);
    rmSync(copy, { recursive: true, force: true });
    // Its scope, and node_modules itself, when nothing else is in them.
    for (const above of [dirname(copy), dirname(dirname(copy))])
      if (existsSync(above) && readdirSync(above).length === 0) rmdirSync(above);
  }
}

/**
 * Compiles a project, and what it refers to.
 *
 * @param {string} folder
 * @throws Error with what the compiler said
 */
export async function build(folder) {
  const command = [...programOf('typescript', 'tsc'), '-b', folder];
  const { code, output } = await run(command, { output: 'silent' });
  if (code !== 0) throw new Error(`${folder} does not build:\n${output.trim()}`);
}

/**
 * Removes outputs whose source is gone: the compiler leaves them behind when a file is renamed. Those of bundle-cli.mjs have none.
 *
 * @param {string} folder
 */
function removeStale(folder) {
  for (const file of readdirSync(join(folder, 'dist'), { recursive: true, encoding: 'utf8' })) {
    const name = file.replace(/(\.d\.ts|\.js)(\.map)?$/, '');
    const hasSource = ['.ts', '.tsx'].some((end) => existsSync(join(folder, 'src', name + end)));
    if (name !== file && !file.startsWith(BUNDLE) && !hasSource) rmSync(join(folder, 'dist', file));
  }
}

/**
 * @param {string} from
 * @param {string} to
 */
function copyBuilt(from, to) {
  mkdirSync(to, { recursive: true });
  cpSync(join(from, 'dist'), join(to, 'dist'), {
    recursive: true,
    filter: (file) => !file.endsWith('.map'),
  });
  const { scripts: _, private: __, ...manifest } = readManifest(from);
  writeFileSync(join(to, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** @param {string} folder */
function bundledBy(folder) {
  return readManifest(folder).bundleDependencies ?? [];
}

/** @returns {Map<string, string>} */
function librariesByName() {
  const folders = readdirSync(join(ROOT, 'libs')).map((name) => join(ROOT, 'libs', name));
  return new Map(folders.map((folder) => [readManifest(folder).name, folder]));
}

/**
 * @param {string} folder
 * @returns {Manifest}
 */
function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , verb] = process.argv;
  try {
    if (verb === 'bundle') await bundle(process.cwd());
    else if (verb === 'unbundle') unbundle(process.cwd());
    else
      throw new Error('usage: bundle-internal.mjs bundle | unbundle, in the folder of a package');
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
