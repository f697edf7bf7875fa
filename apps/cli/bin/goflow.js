#!/usr/bin/env node
// In the repository from the start: npm links a program only where it finds one, and dist/ comes later, with the build. CommonJS, as the
// package.json beside it says: Node begins with an ES module 10 ms later.
const { existsSync, readFileSync } = require('node:fs');
const nodeModule = require('node:module');
const { join } = require('node:path');

const BUNDLE = 'bundle-main.cjs';
const at = (path) => join(__dirname, '..', path);

/** In the repository it may be older than what was compiled since; what is published has nothing to compare it with. */
function isBundleFresh() {
  if (!existsSync(at('tsconfig.tsbuildinfo'))) return existsSync(at(`dist/${BUNDLE}`));
  const { createHash } = require('node:crypto');
  const hashOf = (path) =>
    createHash('sha1')
      .update(readFileSync(at(path)))
      .digest('hex');
  try {
    const madeOf = JSON.parse(readFileSync(at('dist/bundle-made-of.json'), 'utf8'));
    return Object.entries(madeOf).every(([path, hash]) => hashOf(path) === hash);
  } catch {
    return false;
  }
}

function loadBundle() {
  if (nodeModule.enableCompileCache) {
    nodeModule.enableCompileCache();
    return require(at(`dist/${BUNDLE}`));
  }
  return require('./load-bundle.js').loadBundle(at('dist/'), BUNDLE, process);
}

async function run() {
  const { ended } = isBundleFresh() ? loadBundle() : await import('../dist/main.js');
  await ended;
}

let isOver = false;
// As Node says it of a module that waits when nothing is left to wait for.
process.once('beforeExit', () => {
  if (!isOver) process.exitCode = 13;
});
void run().finally(() => {
  isOver = true;
});
