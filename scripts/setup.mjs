// Makes a fresh clone ready: checks Node, installs what package-lock.json names, builds. Fast when nothing changed.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { needsInstall } from './lockfile.mjs';
import { programOf, ROOT, run } from './run-program.mjs';

const OLDEST_NODE = [20, 19];

/**
 * Checks Node, installs the dependencies when they are not what the lockfile says, and builds every project.
 *
 * @throws Error that says what to do, with the output of the step that failed.
 */
export async function setup() {
  checkNode(process.versions.node);
  const installed = 'node_modules/.package-lock.json';
  if (needsInstall(readJson('package-lock.json'), readJson(installed))) {
    await install();
    console.log('Building …');
  }
  await build();
}

/**
 * @param {string} version
 * @throws Error when goflow does not run on that Node.
 */
export function checkNode(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldMajor = 0, oldMinor = 0] = OLDEST_NODE;
  if (major > oldMajor || (major === oldMajor && minor >= oldMinor)) return;
  throw new Error(
    `goflow needs Node.js ${OLDEST_NODE.join('.')} or newer, and this is ${version}: install a newer one from https://nodejs.org`,
  );
}

async function install() {
  console.log(
    'Installing the dependencies (npm ci), and building: one to three minutes, the first time …',
  );
  // Under NODE_ENV=production npm would leave out the compiler.
  const { code, output } = await run([...npm(), 'ci', '--include=dev'], { output: 'silent' });
  if (code !== 0)
    throw new Error(`npm ci failed (exit code ${code}). Its output:\n${output.trim()}`);
}

async function build() {
  const { code, output } = await run([...programOf('nx'), 'run-many', '-t', 'build'], {
    output: 'silent',
    env: { NX_DAEMON: 'false', NX_NO_CLOUD: 'true', NX_TUI: 'false' },
  });
  if (code !== 0)
    throw new Error(`the build failed (nx run-many -t build). Its output:\n${output.trim()}`);
}

/** The npm that runs this script, or the one on the PATH. */
function npm() {
  const running = process.env.npm_execpath;
  return running?.endsWith('npm-cli.js') ? [process.execPath, running] : ['npm'];
}

/** @param {string} path */
function readJson(path) {
  const file = join(ROOT, path);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    await setup();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
