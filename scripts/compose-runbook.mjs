// The blocks of docs/operations.md for Compose, run as they are written, in the project that `npm run test:compose` has brought up.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run } from './run-program.mjs';
import { expect } from './test-steps.mjs';

/** Where Compose is a program of its own, which is called so. */
const OLD_COMPOSE = 'docker() { shift; docker-compose "$@"; }\n';

/**
 * @param {string} name of the project
 * @param {readonly string[]} compose this machine's Compose
 * @returns {Promise<number>} how many blocks were run
 */
export async function runComposeBlocks(name, compose) {
  const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
  const blocks = [...page.matchAll(/^```sh compose\n([\s\S]*?)^```$/gm)].map(([, text]) => text);
  expect(blocks.length > 0, 'docs/operations.md has no block for Compose');
  for (const block of blocks) {
    const script = `set -eu\n${compose.length === 1 ? OLD_COMPOSE : ''}${block}`;
    const env = { COMPOSE_PROJECT_NAME: name };
    const { code, output } = await run(['bash', '-c', script], { output: 'silent', env });
    expect(code === 0, `docs/operations.md: ended with ${code}:\n${block}\n${output}`);
  }
  return blocks.length;
}
