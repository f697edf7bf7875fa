#!/usr/bin/env node
// In the repository from the start: npm links a program only where it finds one, and dist/ comes later, with the build.
import { existsSync, readFileSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const BUNDLE = 'bundle-main.cjs';
const at = (path) => new URL(`../${path}`, import.meta.url);

/** In the repository it may be older than what was compiled since; what is published has nothing to compare it with. */
async function isBundleFresh() {
  if (!existsSync(at('tsconfig.tsbuildinfo'))) return existsSync(at(`dist/${BUNDLE}`));
  const { createHash } = await import('node:crypto');
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

async function loadBundle() {
  if (module.enableCompileCache) {
    module.enableCompileCache();
    return module.createRequire(at('dist/'))(`./${BUNDLE}`);
  }
  const own = await import('./load-bundle.js');
  return own.loadBundle(fileURLToPath(at('dist/')), BUNDLE, process);
}

const { ended } = (await isBundleFresh()) ? await loadBundle() : await import('../dist/main.js');
await ended;
