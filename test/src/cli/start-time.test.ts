import { createHash } from 'node:crypto';
import { cp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runIn } from '../packages/run-in.js';
import { GOFLOW } from './cli.js';
import { newFolder } from './folder.js';

// How long it takes is a figure of the benchmarks: `npm run figure -- cli-start`. Here is what it must not load, and what it may.

const COMPILED = fileURLToPath(new URL('../../../apps/cli/dist/main.js', import.meta.url));

/** Tells at the end which packages were loaded; those that are ES modules all through are not seen. */
const TELL = `
import { createRequire } from 'node:module';
process.on('exit', () => {
  const files = Object.keys(createRequire('file:///x.js').cache).join('\\n');
  process.stdout.write('\\nloaded: ' + [...files.matchAll(/.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//g)].map(([, name]) => name));
});`;

test.each([['--help'], ['help', 'get'], ['completion', '--help'], ['worker', '--nope']])(
  'goflow %s %s loads no BullMQ, no ioredis, and no parser of YAML',
  async (...args) => {
    const preload = `data:text/javascript,${encodeURIComponent(TELL)}`;
    const line = [process.execPath, '--import', preload, COMPILED, ...args];
    const printed = await runIn('.', line).catch((error: Error) => error.message);
    const [, names = ''] = printed.split('loaded: ');
    const loaded = new Set(names.split(','));
    expect([...loaded].filter((name) => /^(bullmq|ioredis|yaml|express)$/.test(name))).toEqual([]);
    expect(loaded).toContain('commander');
  },
);

/** A copy of the program whose compiled files say only which they are. */
async function newProgram(files: Readonly<Record<string, string>>): Promise<() => Promise<string>> {
  const folder = await newFolder({ 'package.json': '{ "type": "module" }', ...files });
  await cp(dirname(GOFLOW), join(folder, 'bin'), { recursive: true });
  return () => runIn(folder, [process.execPath, join(folder, 'bin/goflow.js')]);
}

const hashOf = (text: string): string => createHash('sha1').update(text).digest('hex');

test('the bundle runs while it is as new as what it was made of', async () => {
  const files = {
    'dist/main.js': `console.log('compiled');`,
    'dist/bundle-main.cjs': `console.log('bundled');`,
    'dist/bundle-made-of.json': JSON.stringify({
      'tsconfig.tsbuildinfo': hashOf('one'),
      'lib/tsconfig.tsbuildinfo': hashOf('two'),
    }),
    'tsconfig.tsbuildinfo': 'one',
    'lib/tsconfig.tsbuildinfo': 'two',
  };
  const run = await newProgram(files);
  expect(await run()).toBe('bundled\n');
  const [older, half] = [
    await newProgram({ ...files, 'lib/tsconfig.tsbuildinfo': 'three' }),
    await newProgram({ ...files, 'dist/bundle-made-of.json': '{' }),
  ];
  expect(await older()).toBe('compiled\n');
  expect(await half()).toBe('compiled\n');
});

test('where nothing was compiled, as in a package, there is nothing to compare it with', async () => {
  const folder = await newFolder({
    'package.json': '{ "type": "module" }',
    'dist/main.js': `console.log('compiled');`,
    'dist/bundle-main.cjs': `console.log('bundled');`,
  });
  await cp(dirname(GOFLOW), join(folder, 'bin'), { recursive: true });
  const run = () => runIn(folder, [process.execPath, join(folder, 'bin/goflow.js')]);
  expect(await run()).toBe('bundled\n');
  await rm(join(folder, 'dist/bundle-main.cjs'));
  expect(await run()).toBe('compiled\n');
  await writeFile(join(folder, 'tsconfig.tsbuildinfo'), '');
  expect(await run()).toBe('compiled\n');
});
