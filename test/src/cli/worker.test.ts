import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { freePort } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { tasks } from '../fixtures/tasks.mjs';
import { HANDLERS_DIR, runWorker, TASKS_FILE } from '../support/program.js';
import { newPlace } from '../support/redis.js';
import { openClient } from '../support/system.js';
import { flagsOf, runCli } from './cli.js';
import { newFolder, startCli } from './folder.js';

const MODULES = ['--tasks', TASKS_FILE, '--handlers', HANDLERS_DIR];
const STARTED = /"msg":"worker started"/;

test('goflow worker --help is that of goflow-worker, and tells of three flags more', async () => {
  const [ours, theirs] = [await runCli(undefined, ['worker', '--help']), runWorker(['--help'])];
  await theirs.exited;
  expect(ours).toMatchObject({ code: 0, stderr: '' });
  const flags = (text: string): string[] => text.match(/^ {2}(-\w, )?--[\w-]+/gm) ?? [];
  expect(flags(ours.stdout).filter((flag) => !flags(theirs.stdout).includes(flag))).toEqual([
    '  --watch',
    '  --config',
    '  --json',
  ]);
  for (const line of theirs.stdout.split('\n'))
    expect(ours.stdout).toContain(line.replaceAll('goflow-worker', 'goflow worker').trim());
  expect(await runCli(undefined, ['help', 'worker'])).toEqual(ours);
});

test.each([
  [[], 2, '--tasks <file> (or GOFLOW_TASKS) is missing'],
  [['--concurency', '5'], 2, "unknown option '--concurency'"],
  [[...MODULES, 'start'], 2, 'too many arguments'],
  [
    [...MODULES, '--grace', 'soon'],
    2,
    'goflow worker: OPTION_INVALID: --grace <duration>: Expected',
  ],
  [[...MODULES, '--watch', '--grace', 'soon'], 2, '--grace <duration>: Expected'],
  [['--tasks', TASKS_FILE, '--handlers', '/nowhere'], 78, 'goflow worker: HANDLER_INVALID'],
  [[...MODULES, '--config', '/nowhere.yaml'], 2, '/nowhere.yaml'],
  [[...MODULES, '--timeout', '5s'], 2, "unknown option '--timeout'"],
])('%j: exit %i, and a line that says why', async (flags, code, why) => {
  const called = await runCli(undefined, ['worker', ...flags]);
  expect(called).toMatchObject({ code, stdout: '' });
  expect(called.stderr).toContain(why);
  expect(called.stderr).not.toMatch(/^ {4}at /m);
});

test.each([
  [[], 2, ['OPTION_INVALID', '--tasks <file> (or GOFLOW_TASKS) is missing']],
  [['--concurency', '5'], 2, ['OPTION_INVALID', "unknown option '--concurency'"]],
  [['--tasks', TASKS_FILE, '--handlers', '/nowhere'], 78, ['HANDLER_INVALID', '/nowhere']],
] as const)('--json %j: exit %i, and why as one line of JSON', async (flags, code, [name, why]) => {
  for (const line of [
    ['worker', '--json', ...flags],
    ['--json', 'worker', ...flags],
  ]) {
    const called = await runCli(undefined, line);
    expect(called).toMatchObject({ code, stdout: '' });
    const message = expect.stringContaining(why) as string;
    expect(JSON.parse(called.stderr)).toMatchObject({ error: { code: name, message } });
  }
});

test('--json: all that it says is JSON', async () => {
  const program = startCli(['worker', '--json', ...MODULES, ...flagsOf(newPlace())]);
  await program.line(STARTED);
  await program.stop();
  const said = `${program.stdout}\n${program.stderr}`.split('\n').filter(Boolean);
  expect(said.length).toBeGreaterThan(1);
  for (const line of said) expect(() => JSON.parse(line) as unknown).not.toThrow();
});

test.each([[[]], [['--watch']]])('a port that is taken: exit 69, with %j', async (watch) => {
  const server = createServer();
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const line = ['worker', ...MODULES, '--port', String(port), ...watch];
  const { code, stderr } = await runCli(newPlace(), line);
  expect(code).toBe(69);
  expect(stderr).toContain('goflow worker: PORT_IN_USE');
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s: it stops, and exits 0', async (signal) => {
  const program = startCli(['worker', ...MODULES, ...flagsOf(newPlace())]);
  await program.line(STARTED);
  program.signal(signal);
  expect(await program.exited).toEqual({ code: 0, signal: null });
  expect(program.stdout).toContain('"msg":"worker stopped"');
  expect(program.stderr).toBe('');
});

test('a second signal ends it at once', async () => {
  const place = newPlace();
  const program = startCli(['worker', ...MODULES, '--grace', '1h', ...flagsOf(place)], {
    env: { BLOCKED: '1' },
  });
  await openClient(tasks, place).push('held', null);
  await program.line(/"msg":"running"/);
  program.signal('SIGINT');
  await program.line(/"msg":"stopping"/);
  program.signal('SIGINT');
  expect(await program.exited).toEqual({ code: 130, signal: null });
});

test('.goflow.yaml says where Redis is and what the contracts are; variables and flags say it louder', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const yaml = `redis: ${place.redis}\nprefix: another\ntasks: ${TASKS_FILE}\n`;
  const cwd = await newFolder({ '.goflow.yaml': yaml });
  const env = { GOFLOW_HANDLERS: HANDLERS_DIR };
  const byFlag = startCli(['--prefix', place.prefix, 'worker'], { cwd, env });
  expect(await goflow.wait(await goflow.push('echo', 'a'))).toBe('a');
  await byFlag.stop();
  const byVariable = startCli(['worker'], { cwd, env: { ...env, GOFLOW_PREFIX: place.prefix } });
  expect(await goflow.wait(await goflow.push('echo', 'b'))).toBe('b');
  await byVariable.stop();
  const other = openClient(tasks, { ...place, prefix: 'another' });
  startCli(['worker'], { cwd, env });
  expect(await other.wait(await other.push('echo', 'c'))).toBe('c');
});

test('a value of .goflow.yaml that is wrong is told with the name of the file', async () => {
  const cwd = await newFolder({ '.goflow.yaml': 'prefix: "a{b"\n' });
  const { code, stderr } = await runCli(undefined, ['worker', ...MODULES], { cwd });
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringContaining(`OPTION_INVALID: ${cwd}/.goflow.yaml: \`prefix\`: `),
  });
  const env = { GOFLOW_PREFIX: 'c{d' };
  const named = await runCli(undefined, ['worker', ...MODULES], { cwd, env });
  expect(named.stderr).toContain('OPTION_INVALID: GOFLOW_PREFIX: ');
});

/** Types, an enumeration, and an import as compilers want it written. */
const ECHO = `
import { suffix } from '../suffix.js';
enum Mark { last = '!' }
interface Echo { readonly type: string; readonly handler: (text: string) => string }
export const echo: Echo = { type: 'echo', handler: (text: string): string => text + suffix() + Mark.last };
`;
const ECHO_ALONE = `export const echo = { type: 'echo', handler: (text: string): string => text };`;
const FILES = {
  'package.json': '{ "type": "module" }',
  'handlers/echo.ts': ECHO,
  'suffix.ts': `export const suffix = (): string => '?';`,
  'tasks.ts': `
import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';
const text: z.ZodString = z.string();
export const tasks = defineTasks({ echo: { payload: text, result: text } });
`,
};
const PACKAGES = ['@goflow/sdk', 'zod'];
const runsTypeScript = Boolean((process.features as { typescript?: unknown }).typescript);

test.each([[[]], [['--watch']]])('TypeScript runs where tsx is, with %j', async (watch) => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const folder = await newFolder(FILES, [...PACKAGES, 'tsx']);
  const paths = ['--tasks', join(folder, 'tasks.ts'), '--handlers', join(folder, 'handlers')];
  startCli(['worker', ...paths, ...flagsOf(place), ...watch]);
  expect(await goflow.wait(await goflow.push('echo', 'a'))).toBe('a?!');
});

/** What `npm init` makes, and what newcomers write; errors are of another copy of goflow than the worker's. */
const commonFiles = (type: string, extension: string, imported: string) => ({
  'package.json': JSON.stringify({ type }),
  [`tasks.${extension}`]: FILES['tasks.ts'],
  [`handlers/echo.${extension}`]: `
import { defineHandler, NonRetryableError, RetryLaterError } from '@goflow/worker';
import { tasks } from '../tasks${imported}';
export const echo = defineHandler(tasks, 'echo', async (text, ctx) => {
  if (text === 'never') throw new NonRetryableError('no');
  if (text === 'later' && ctx.starts === 1) throw new RetryLaterError('soon', { delay: '1ms', counted: false });
  return text + '!';
});`,
});

test.each([
  ['commonjs', 'ts', ''],
  ['module', 'cts', '.cjs'],
])('CommonJS in TypeScript runs where tsx is: type %s, .%s', async (...given) => {
  const [, extension] = given;
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const folder = await newFolder(commonFiles(...given), [...PACKAGES, '@goflow/worker', 'tsx']);
  const contracts = ['--tasks', join(folder, `tasks.${extension}`)];
  const pushed = await runCli(place, ['push', 'echo', '"a"', ...contracts]);
  expect(pushed.code).toBe(0);
  startCli(['worker', ...contracts, '--handlers', join(folder, 'handlers'), ...flagsOf(place)]);
  expect(await goflow.wait(pushed.stdout.trim() as never)).toBe('a!');
  const [never, later] = await goflow.pushMany('echo', ['never', 'later']);
  expect(await goflow.wait(later as never)).toBe('later!');
  expect(await goflow.wait(never as never).catch(({ failure }) => failure)).toMatchObject({
    code: 'NON_RETRYABLE',
  });
  expect(await goflow.status(never as never)).toMatchObject({ attempts: 1 });
  expect(await goflow.status(later as never)).toMatchObject({ attempts: 1 });
});

test('a CommonJS handler in TypeScript stands beside contracts in JavaScript', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const files = { 'package.json': '{"type":"commonjs"}', 'handlers/r.ts': ECHO_ALONE };
  const folder = await newFolder(files, ['tsx']);
  const paths = ['--tasks', TASKS_FILE, '--handlers', join(folder, 'handlers')];
  startCli(['worker', ...paths, ...flagsOf(place)]);
  expect(await goflow.wait(await goflow.push('echo', 'a'))).toBe('a');
});

test.skipIf(runsTypeScript)(
  'contracts in TypeScript are taken by push, show and doctor',
  async () => {
    const place = newPlace();
    const folder = await newFolder(FILES, [...PACKAGES, 'tsx']);
    const flags = ['--tasks', join(folder, 'tasks.ts')];
    const wrong = await runCli(place, ['push', 'echo', '7', ...flags]);
    expect(wrong.stderr).toContain('PAYLOAD_INVALID');
    const pushed = await runCli(place, ['push', 'echo', '"a"', ...flags]);
    expect(pushed.code).toBe(0);
    const shown = await runCli(place, ['show', pushed.stdout.trim(), ...flags]);
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining('"a"') });
    const { stdout, stderr } = await runCli(place, ['doctor', ...flags]);
    expect(stdout + stderr).not.toContain('cannot be loaded');
  },
);

test('goflow-worker runs it, too, when Node was told of tsx', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const folder = await newFolder(FILES, PACKAGES);
  const paths = ['--tasks', join(folder, 'tasks.ts'), '--handlers', join(folder, 'handlers')];
  const tsx = pathToFileURL(join(import.meta.dirname, '../../../node_modules/tsx/dist/loader.mjs'));
  runWorker([...paths, ...flagsOf(place)], { NODE_OPTIONS: `--import=${tsx.href}` });
  expect(await goflow.wait(await goflow.push('echo', 'a'))).toBe('a?!');
});

test.skipIf(runsTypeScript)('without tsx it is told what to do: exit 78', async () => {
  const folder = await newFolder({ 'package.json': '{}', 'handlers/echo.ts': ECHO });
  const paths = ['--tasks', TASKS_FILE, '--handlers', join(folder, 'handlers')];
  const { code, stderr } = await runCli(undefined, ['worker', ...paths], { cwd: folder });
  expect(code).toBe(78);
  expect(stderr).toContain(
    'echo.ts cannot be loaded: this process does not run TypeScript: install tsx',
  );
});

test.skipIf(!runsTypeScript)('without tsx Node runs what it can', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const folder = await newFolder({ 'package.json': '{}', 'handlers/echo.mts': ECHO_ALONE });
  const paths = ['--tasks', TASKS_FILE, '--handlers', join(folder, 'handlers')];
  startCli(['worker', ...paths, ...flagsOf(place)], { cwd: folder });
  expect(await goflow.wait(await goflow.push('echo', 'a'))).toBe('a');
});
