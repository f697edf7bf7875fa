import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineTasks } from '@goflow/sdk';
import { type ChildProgram, until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { newPlace } from '../support/redis.js';
import { openClient } from '../support/system.js';
import { flagsOf } from './cli.js';
import { gone, sh, startExec } from './exec-rig.js';
import { newFolder, startCli } from './folder.js';

const tasks = defineTasks({
  step: { payload: z.object({ name: z.string(), ms: z.number() }), result: z.string() },
});

const TASKS = `
import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';
export const tasks = defineTasks({
  step: { payload: z.object({ name: z.string(), ms: z.number() }), result: z.string() },
});
`;

/** Every run leaves a line; the result is the version that ran it. */
const handler = (version: string): string => `
import { appendFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { mark } from '../lib/mark.js';
export const step = {
  type: 'step',
  handler: async ({ name, ms }) => {
    appendFileSync(new URL('../effects', import.meta.url), name + '\\n');
    await setTimeout(ms);
    return '${version}' + mark;
  },
};
`;

/** A folder with handlers, and a worker that watches it. */
async function startWatched(flags: readonly string[] = []) {
  const place = newPlace();
  const files = {
    'package.json': '{ "type": "module" }',
    'tasks.js': TASKS,
    'handlers/step.js': handler('v1'),
    'lib/mark.js': `export const mark = '';`,
    effects: '',
  };
  const folder = await newFolder(files, ['@goflow/sdk', 'zod']);
  const line = ['worker', '--watch', '--tasks', 'tasks.js', '--handlers', 'handlers', ...flags];
  const program = startCli([...line, ...flagsOf(place)], { cwd: folder });
  const write = (file: string, text: string) => writeFile(join(folder, file), text);
  const effects = async () =>
    (await readFile(join(folder, 'effects'), 'utf8')).split('\n').filter((name) => name !== '');
  await started(program, 1);
  return { goflow: openClient(tasks, place), program, write, effects, place, folder };
}

const started = (program: ChildProgram, count: number) =>
  until(() => program.stdout.split('"msg":"worker started"').length > count, {
    what: `worker ${count} to start\n${program.stderr}`,
  });

/** The processes of all workers that wrote into the log. */
const pidsOf = ({ stdout }: ChildProgram): number[] => [
  ...new Set([...stdout.matchAll(/"worker":"[^":]+:(\d+)[:"]/g)].map(([, pid]) => Number(pid))),
];

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('300 tasks while a handler changes five times: all end, each ran once, every version is seen', async () => {
  const { goflow, program, write, effects } = await startWatched();
  const names: string[] = [];
  const results: Promise<string>[] = [];
  const push = async (count: number): Promise<void> => {
    for (let at = 0; at < count; at += 1) {
      const name = `task-${names.length}`;
      names.push(name);
      results.push(goflow.push('step', { name, ms: 20 }).then((id) => goflow.wait(id)));
      // In the middle of what is under way, and not before or after it.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  await push(20);
  for (const version of [2, 3, 4, 5, 6]) {
    if (version === 4) {
      await write('handlers/step.js', 'export const = 1;');
      await program.line(/could not be loaded; the old worker goes on/, 30_000);
      expect(program.stderr).toMatch(/HANDLER_INVALID: .*step\.js cannot be loaded/);
      await push(30);
      expect(await results.at(-1)).toBe('v3');
    }
    await write('handlers/step.js', handler(`v${version}`));
    await push(40);
    await started(program, version);
    await push(10);
  }
  const seen = new Set(await Promise.all(results));
  expect(names).toHaveLength(300);
  expect([...seen].sort()).toEqual(['v1', 'v2', 'v3', 'v4', 'v5', 'v6']);
  expect((await effects()).sort()).toEqual(names.sort());
  program.signal('SIGINT');
  expect(await program.exited).toEqual({ code: 0, signal: null });
  const pids = pidsOf(program);
  expect(pids).toHaveLength(6);
  expect(pids.filter(isAlive)).toEqual([]);
}, 180_000);

test('what handlers import counts, and so do new files; what no program reads does not', async () => {
  const { goflow, program, write, folder } = await startWatched();
  const run = async () => goflow.wait(await goflow.push('step', { name: 'a', ms: 0 }));
  await write('README.md', 'text');
  await write('results.json', '[]');
  await mkdir(join(folder, 'logs'));
  await write('logs/last.js', '(');
  await write('effects', '');
  await write('lib/mark.js', `export const mark = '+';`);
  await started(program, 2);
  expect(await run()).toBe('v1+');
  await write('handlers/second.js', `throw new Error('not yet');`);
  await program.line(/second\.js cannot be loaded: not yet/);
  expect(program.stderr).toMatch(/handlers\/second\.js changed: loading/);
  expect(program.stderr).not.toMatch(/README|effects|results|logs/);
  expect(await run()).toBe('v1+');
});

test('a handler that is broken from the start: nothing runs, until it is mended', async () => {
  const place = newPlace();
  const files = {
    'package.json': '{ "type": "module" }',
    'tasks.js': TASKS,
    'handlers/step.js': '(',
  };
  const folder = await newFolder(files, ['@goflow/sdk', 'zod']);
  const line = ['worker', '--watch', '--tasks', 'tasks.js', '--handlers', 'handlers'];
  const program = startCli([...line, ...flagsOf(place)], { cwd: folder });
  await program.line(/the code could not be loaded; nothing runs, until the next change/);
  const mended = `export const step = { type: 'step', handler: async () => 'mended' };`;
  await writeFile(join(folder, 'handlers/step.js'), mended);
  const goflow = openClient(tasks, place);
  expect(await goflow.wait(await goflow.push('step', { name: 'a', ms: 0 }))).toBe('mended');
});

test('what runs when the code changes has its grace; what takes longer is handed back, no attempt spent', async () => {
  const { goflow, program, write, effects } = await startWatched(['--grace', '300ms']);
  const id = await goflow.push('step', { name: 'long', ms: 8_000 });
  await until(async () => (await effects()).length === 1, { what: 'the task to run' });
  await write('handlers/step.js', handler('v2'));
  expect(await goflow.wait(id)).toBe('v2');
  expect(program.stdout).toContain('"reason":"stopping","msg":"task handed back"');
  expect(await goflow.status(id)).toMatchObject({ attempts: 1 });
});

test('Ctrl-C, which all processes of a terminal get, lets a task end; two of them do not', async () => {
  for (const [signals, code] of [
    [1, 0],
    [2, 130],
  ] as const) {
    const { goflow, program, effects } = await startWatched(['--grace', '20s']);
    const id = await goflow.push('step', { name: 'a', ms: 1_500 });
    await until(async () => (await effects()).length === 1, { what: 'the task to run' });
    const [pid = 0] = pidsOf(program);
    process.kill(pid, 'SIGINT');
    program.signal('SIGINT');
    await program.line(/"msg":"stopping"/);
    if (signals === 2) program.signal('SIGINT');
    expect(await program.exited).toEqual({ code, signal: null });
    expect(program.stdout.includes('leaves 1 task that runs')).toBe(signals === 2);
    await until(() => !isAlive(pid), { what: 'the worker to be gone' });
    const { status } = await goflow.getResult(id);
    expect(status).toBe(signals === 1 ? 'completed' : 'active');
  }
});

test.each([
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('a second %s ends the commands that run, too', async (signal, code) => {
  const { program, place, folder } = await startWatched([
    '--allow-programs',
    'sh',
    '--grace',
    '20s',
  ]);
  const job = { ...sh('a', 'echo $$ > pid; sleep 60'), cwd: folder };
  startExec([JSON.stringify([job]), ...flagsOf(place)]);
  const read = () => readFile(join(folder, 'pid'), 'utf8').catch(() => '');
  const pid = Number(await until(read, { what: 'its pid' }));
  program.signal(signal);
  await program.line(/"msg":"stopping"/);
  program.signal(signal);
  expect(await program.exited).toEqual({ code, signal: null });
  await gone(pid);
});

test('a worker whose watcher was killed stops, too', async () => {
  const { program } = await startWatched();
  program.signal('SIGKILL');
  await program.exited;
  const [pid = 0] = pidsOf(program);
  await until(() => !isAlive(pid), { what: 'the worker to be gone' });
});
