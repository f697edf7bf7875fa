import { chmod, chown, cp, readdir, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { GOFLOW, run } from './cli.js';
import { newFolder } from './folder.js';

const PART = 'dist/bundle-main-00000000.cjs';

/** Says `word`. As long as all others, which is all that V8 looks at: a cache of another one is seen to be used. */
const saying = (word: 'one' | 'two'): string =>
  `console.log('${word}');\n${'// padding '.repeat(2_000)}`;

/** A copy of the program that says `one`, and where it keeps what was compiled: `cache`, within `above`. */
async function newProgram() {
  const folder = await newFolder({
    'package.json': '{ "type": "module" }',
    'dist/bundle-main.cjs': `module.exports = require('./bundle-main-00000000.cjs');`,
    [PART]: saying('one'),
  });
  await cp(dirname(GOFLOW), join(folder, 'bin'), { recursive: true });
  const above = join(folder, 'above');
  const call = async (env: Readonly<Record<string, string>> = {}): Promise<string> => {
    const command = [process.execPath, join(folder, 'bin/goflow.js')];
    const called = await run(command, { env: { NODE_COMPILE_CACHE: above, ...env } });
    expect(called).toMatchObject({ code: 0, stderr: '' });
    return called.stdout.trim();
  };
  return {
    above,
    call,
    cache: join(above, `goflow-${process.version}-${process.arch}-${process.getuid?.()}`),
    become: (word: 'two') => writeFile(join(folder, PART), saying(word)),
  };
}

const GIVEN_AWAY: [string, (cache: string) => Promise<void>] = [
  'is of another user',
  (cache) => chown(cache, 65_534, 65_534),
];

// From 22.1 on Node keeps it by itself.
describe.skipIf('enableCompileCache' in module)('what was compiled', () => {
  test('is kept for the next call, for this user alone', async () => {
    const { call, become, above, cache } = await newProgram();
    expect(await call()).toBe('one');
    expect(await readdir(cache)).toEqual(['bundle-main-00000000.cjs']);
    expect((await stat(cache)).mode & 0o777).toBe(0o700);
    await become('two');
    expect(await call()).toBe('one');
    expect(await call({ NODE_DISABLE_COMPILE_CACHE: '1' })).toBe('two');
    expect(await readdir(above)).toHaveLength(1);
  });

  test('is not used when it is broken, and made anew', async () => {
    const { call, become, cache } = await newProgram();
    await call();
    const [name = ''] = await readdir(cache);
    const { size } = await stat(join(cache, name));
    await truncate(join(cache, name), size / 2);
    await become('two');
    expect(await call()).toBe('two');
    expect((await stat(join(cache, name))).size).toBe(size);
    await writeFile(join(cache, name), 'nothing of V8');
    expect(await call()).toBe('two');
    expect((await stat(join(cache, name))).size).toBe(size);
  });

  test.each<[string, (cache: string) => Promise<void>]>([
    ['others may write to', (cache) => chmod(cache, 0o777)],
    ['its group may write to', (cache) => chmod(cache, 0o770)],
    // Only root can give a folder away.
    ...(process.getuid?.() === 0 ? [GIVEN_AWAY] : []),
  ])('is not used from a folder that %s', async (_, open) => {
    const { call, become, cache } = await newProgram();
    await call();
    await open(cache);
    await become('two');
    expect(await call()).toBe('two');
  });

  test('is not used from behind a link, and not kept where nothing can be written', async () => {
    const { call, above, cache } = await newProgram();
    const elsewhere = await newFolder({ 'above/file': '' });
    await symlink(elsewhere, above);
    await symlink(join(elsewhere, 'above'), cache);
    expect(await call()).toBe('one');
    expect(await readdir(join(elsewhere, 'above'))).toEqual(['file']);
    expect(await call({ NODE_COMPILE_CACHE: '/proc' })).toBe('one');
    expect(await call({ NODE_COMPILE_CACHE: join(elsewhere, 'above/file') })).toBe('one');
  });

  test('is whole when many calls keep it at the same time', async () => {
    const { call, become, cache } = await newProgram();
    expect(await Promise.all(Array.from({ length: 6 }, () => call()))).toEqual(
      Array(6).fill('one'),
    );
    expect(await readdir(cache)).toEqual(['bundle-main-00000000.cjs']);
    await become('two');
    expect(await call()).toBe('one');
  });
});
