#!/usr/bin/env node
// In the repository from the start: npm links a program only where it finds one, and dist/ comes later, with the build.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import module from 'node:module';

const at = (path) => new URL(`../${path}`, import.meta.url);

/** In the repository it may be older than what was compiled since; what is published has nothing to compare it with. */
function isBundleFresh() {
  if (!existsSync(at('tsconfig.tsbuildinfo'))) return existsSync(at('dist/bundle-main.js'));
  try {
    const madeOf = JSON.parse(readFileSync(at('dist/bundle-made-of.json'), 'utf8'));
    return Object.entries(madeOf).every(
      ([path, hash]) =>
        createHash('sha1')
          .update(readFileSync(at(path)))
          .digest('hex') === hash,
    );
  } catch {
    return false;
  }
}

// From Node 22.1 on, what was compiled is kept for the next call.
module.enableCompileCache?.();
await import(isBundleFresh() ? '../dist/bundle-main.js' : '../dist/main.js');
