// `npm run example -- 01`: sets up, then runs the example of that number. Arguments after the number are handed to it.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './run-program.mjs';
import { setup } from './setup.mjs';

/** The numbered folders, in order. */
export function exampleNames() {
  return readdirSync(join(ROOT, 'examples'))
    .filter((name) => /^\d\d-/.test(name))
    .sort();
}

/**
 * Makes the repository ready, and runs a built example in this process: signals, terminal and exit code are its own.
 *
 * @param {string} name
 */
export async function runExample(name) {
  try {
    await setup();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
    return;
  }
  // npm runs scripts in the root folder: a relative path means one of where npm was called.
  process.chdir(process.env.INIT_CWD ?? process.cwd());
  try {
    await import(pathToFileURL(join(ROOT, 'examples/dist', name, 'main.js')).href);
  } catch (error) {
    // Its message says what to do; anything else is a bug, whose stack is wanted.
    if (!(error instanceof Error && error.name === 'NoRedisError')) throw error;
    console.error(`${error.message}\nExamples 04 and 07 need none, nor does npm start -- --local.`);
    process.exitCode = 1;
  }
}

async function main() {
  const [given = '', ...rest] = process.argv.slice(2);
  const name = exampleNames().find((known) => known === given || known.split('-')[0] === given);
  if (name === undefined) {
    console.error(`usage: npm run example -- <number>\n\n${exampleNames().join('\n')}`);
    process.exitCode = 2;
    return;
  }
  process.argv.splice(2, process.argv.length, ...rest);
  await runExample(name);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
