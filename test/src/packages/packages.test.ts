import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanPrefix, startProgram, testPrefix } from '@goflow/testing';
import { publint } from 'publint';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { programOf, ROOT } from '../../../scripts/run-program.mjs';
import { npmIn, runIn } from './run-in.js';
import { copyWorkspace } from './workspace-copy.js';

const TIMEOUT_MS = 180_000;

/**
 * `entry`: what its users begin with, in `door` where that is not its front. `needs`: other packages of ours, which npm would fetch where
 * they are published.
 */
const PACKAGES = [
  {
    name: '@goflow/sdk',
    folder: 'apps/producer-sdk',
    file: 'sdk.tgz',
    entry: 'createGoflow',
    needs: [],
  },
  {
    name: '@goflow/worker',
    folder: 'apps/worker',
    file: 'worker.tgz',
    entry: 'createWorker',
    needs: [],
  },
  {
    name: '@goflow/local',
    folder: 'libs/local',
    file: 'local.tgz',
    entry: 'createLocalGoflow',
    needs: ['sdk.tgz', 'worker.tgz'],
  },
  {
    name: '@goflow/cli',
    folder: 'apps/cli',
    file: 'cli.tgz',
    door: '@goflow/cli/reference',
    entry: 'readReference',
    needs: ['sdk.tgz', 'worker.tgz'],
  },
  {
    name: '@goflow/gateway',
    folder: 'apps/gateway',
    file: 'gateway.tgz',
    entry: 'createGateway',
    needs: ['sdk.tgz', 'worker.tgz'],
  },
];

const COMPILER_OPTIONS = {
  target: 'es2022',
  module: 'nodenext',
  lib: ['es2023', 'esnext.disposable'],
  types: ['node'],
  outDir: 'out',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
};

let temporary: string;
const tarball = (file: string): string => join(temporary, file);

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'goflow-packages-'));
  const workspace = join(temporary, 'workspace');
  await copyWorkspace(workspace);
  for (const { folder, file } of PACKAGES) {
    const packed = await npmIn(join(workspace, folder), 'pack', '--pack-destination', temporary);
    await rename(join(temporary, packed.trim().split('\n').at(-1) ?? ''), tarball(file));
  }
}, TIMEOUT_MS);

afterAll(() => rm(temporary, { recursive: true, force: true }));

/** An empty folder with these packages in it. */
async function installed(name: string, ...packages: string[]): Promise<string> {
  const folder = join(temporary, name);
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  await npmIn(folder, 'install', '--prefer-offline', ...packages);
  return folder;
}

const alone = new Map<string, Promise<string>>();

/** A folder with a package and what it needs in it. Tests that need no other have it in common: npm takes a quarter of a minute. */
function installedAlone(name: string): Promise<string> {
  const { file, needs } = PACKAGES.find((each) => each.name === name) ?? { file: '', needs: [] };
  const folder = alone.get(name) ?? installed(`alone-${file}`, ...[file, ...needs].map(tarball));
  alone.set(name, folder);
  return folder;
}

/** `zod@4.6.7`: as this workspace has it. */
async function pinned(...names: string[]): Promise<string[]> {
  const { devDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  return names.map((name) => `${name}@${devDependencies[name]}`);
}

test.each(PACKAGES)('packing leaves nothing behind in $folder', async ({ folder }) => {
  const left = await readdir(join(temporary, 'workspace', folder));
  expect(left).toContain('src');
  const modules = await readdir(join(temporary, 'workspace', folder, 'node_modules')).catch(
    () => [],
  );
  expect(modules).not.toContain('@goflow');
});

test.each(PACKAGES)('publint finds nothing wrong with $name', async ({ file }) => {
  const packed = await readFile(tarball(file));
  const { messages } = await publint({
    strict: true,
    pack: { tarball: new Uint8Array(packed).buffer },
  });
  expect(messages).toEqual([]);
});

test.each(PACKAGES)(
  'are-the-types-wrong finds nothing wrong with $name',
  async ({ file }) => {
    const attw = programOf('@arethetypeswrong/cli', 'attw');
    const report = await runIn(temporary, [...attw, tarball(file), '--profile', 'esm-only']);
    expect(report).toContain('🟢');
  },
  TIMEOUT_MS,
);

test.each(PACKAGES)(
  '$name works where nothing else is installed, and holds what it should',
  async ({ name, door = name, entry }) => {
    const folder = await installedAlone(name);
    const source = `console.log(typeof (await import('${door}')).${entry})`;
    const node = [process.execPath, '--input-type=module', '-e', source];
    expect(await runIn(folder, node)).toBe('function\n');
    const files = await readdir(join(folder, 'node_modules', name), { recursive: true });
    expect(files).toContain('README.md');
    expect(
      files.filter((path) => /\.map$|\.test\.|(^|\/)src(\/|$)|tsbuildinfo/.test(path)),
    ).toEqual([]);
    const manifest = await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8');
    expect(JSON.parse(manifest)).not.toHaveProperty('private');
    await expectNoPathOfThisMachine(join(folder, 'node_modules', name));
  },
  TIMEOUT_MS,
);

async function expectNoPathOfThisMachine(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const text = await readFile(path, 'utf8');
    expect(text.includes(ROOT) || text.includes(temporary), path).toBe(false);
  }
}

test(
  'all together: programs compile and run, with Redis and without, and the command line helps',
  async () => {
    const tools = await pinned('zod', 'typescript', '@types/node');
    const tarballs = PACKAGES.map(({ file }) => tarball(file));
    const folder = await installed('together', ...tarballs, ...tools);
    await cp(join(ROOT, 'test/src/packages/consumer'), folder, { recursive: true });
    await writeReadmeExamples(folder);
    const config = { compilerOptions: COMPILER_OPTIONS, include: ['*.ts'] };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
    expect(await runIn(folder, ['npx', '--no', 'tsc'])).toBe('');

    const prefix = testPrefix();
    const redis = inject('redisUrl');
    onTestFinished(async () => void (await cleanPrefix(redis, prefix)));
    const printed = await runIn(folder, [process.execPath, 'out/main.js', redis, prefix]);
    expect(JSON.parse(printed)).toEqual({
      value: 'HELLO',
      status: 'completed',
      bytes: 640,
      known: true,
    });

    const local = await runIn(folder, [process.execPath, 'out/local.js']);
    expect(JSON.parse(local)).toEqual({
      value: 'HELLO',
      taken: 'TASK_ID_TAKEN',
      refused: 'NON_RETRYABLE',
      later: 'completed',
      outcome: 'completed',
      left: [],
    });

    const help = await runIn(folder, ['npx', '--no', 'goflow-worker', '--', '--help']);
    expect(help).toContain('Usage: goflow-worker [options]');

    // The compiler takes two copies of one version for one package. Doors of two versions must fit, too.
    for (const name of ['worker', 'local'])
      await pretendNewer(join(folder, `node_modules/@goflow/${name}/node_modules/@goflow`));
    expect(await runIn(folder, ['npx', '--no', 'tsc'])).toBe('');
  },
  TIMEOUT_MS,
);

test(
  'the command goflow runs where it was installed: from the few files that it was bundled into',
  async () => {
    const folder = await installedAlone('@goflow/cli');
    const goflow = (...args: string[]) => runIn(folder, ['npx', '--no', 'goflow', '--', ...args]);
    expect(await goflow('--help')).toContain('Usage: goflow [options] [command]');
    expect(await goflow('worker', '--help')).toContain('Usage: goflow worker [options]');

    const prefix = testPrefix();
    const redis = inject('redisUrl');
    onTestFinished(async () => void (await cleanPrefix(redis, prefix)));
    const flags = ['--redis', redis, '--prefix', prefix];
    const id = (await goflow('push', 'repeater', '"hello"', ...flags)).trim();
    expect(await goflow('get', id, ...flags)).toContain('waiting');

    // Nothing else is loaded: what was compiled is there for `goflow worker --help` and types only.
    const installedAt = join(folder, 'node_modules/@goflow/cli');
    for (const file of ['dist/main.js', 'node_modules', '../../bullmq', '../../commander'])
      await rm(join(installedAt, file), { recursive: true });
    expect(await goflow('get', id, ...flags)).toContain('waiting');
    const licenses = await readFile(join(installedAt, 'dist/bundle-licenses.txt'), 'utf8');
    for (const name of ['bullmq', 'ioredis', 'commander'])
      expect(licenses).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+: MIT$`, 'm'));
    expect(licenses).not.toMatch(/^@goflow/m);
  },
  TIMEOUT_MS,
);

test(
  'the gateway runs where it was installed: it pushes, and shows its pages and the board',
  async () => {
    const folder = await installedAlone('@goflow/gateway');
    await cp(join(ROOT, 'node_modules/zod'), join(folder, 'node_modules/zod'), { recursive: true });
    await writeFile(
      join(folder, 'tasks.mjs'),
      `import { defineTasks } from '@goflow/sdk';
       import { z } from 'zod';
       export const tasks = defineTasks({ repeater: { payload: z.string(), result: z.string() } });`,
    );
    const prefix = testPrefix();
    const redis = inject('redisUrl');
    onTestFinished(async () => void (await cleanPrefix(redis, prefix)));
    const flags = ['--tasks', 'tasks.mjs', '--redis', redis, '--prefix', prefix, '--port', '0'];
    const program = startProgram(
      join(folder, 'node_modules/@goflow/gateway/bin/goflow-gateway.js'),
      flags,
      { cwd: folder },
    );
    onTestFinished(() => program[Symbol.asyncDispose]());
    const [, url = ''] = await program.line(/"url":"([^"]+)"/);
    const body = '{"payload":"hello"}';
    expect((await fetch(`${url}/tasks/repeater`, { method: 'POST', body })).status).toBe(201);
    for (const path of ['/dashboard', '/dashboard/tasks', '/dashboard/board', '/openapi.json'])
      expect((await fetch(`${url}${path}`)).status, path).toBe(200);
  },
  TIMEOUT_MS,
);

async function writeReadmeExamples(folder: string): Promise<void> {
  for (const { folder: project, file } of PACKAGES) {
    const readme = await readFile(join(ROOT, project, 'README.md'), 'utf8');
    const example = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? 'an example is missing';
    // The one of a program is for a shell.
    if (!readme.includes('```bash')) await writeFile(join(folder, `readme-${file}.ts`), example);
  }
}

async function pretendNewer(folder: string): Promise<void> {
  const names = await readdir(folder);
  expect(names.length).toBeGreaterThan(1);
  for (const name of names) {
    const path = join(folder, name, 'package.json');
    const manifest = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ ...manifest, version: '0.1.1' }));
  }
}
