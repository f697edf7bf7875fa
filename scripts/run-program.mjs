// Runs a program of this repository or of the machine, shown or silent. No dependencies: a fresh clone has none.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * @typedef {object} RunOptions
 * @property {'shown' | 'silent'} output Silent output is collected instead.
 * @property {NodeJS.ProcessEnv} [env] Set on top of this process's environment.
 */

/**
 * Runs a command in the root folder. Never rejects: a command that cannot be started ends with code 127.
 *
 * @param {readonly string[]} command
 * @param {RunOptions} options
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run(command, options) {
  const [program = '', ...args] = command;
  const stdio = options.output === 'shown' ? 'inherit' : 'pipe';
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', stdio, stdio],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (chunk) => (output += chunk));
    child.once('error', (error) => resolve({ code: 127, output: `${program}: ${error.message}` }));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/**
 * The command that runs a program of an installed package: what `npx` would run, without its start-up time.
 *
 * @param {string} packageName
 * @param {string} [program] When it is not named like the package.
 * @returns {readonly string[]}
 */
export function programOf(packageName, program = packageName) {
  const folder = join(ROOT, 'node_modules', packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return [process.execPath, join(folder, typeof bin === 'string' ? bin : bin[program])];
}
