import { spawn } from 'node:child_process';
import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { GOFLOW, runCli } from './cli.js';
import {
  counted,
  counting,
  folderWith,
  gone,
  inShort,
  resultsIn,
  sh,
  startExec,
} from './exec-rig.js';

const exec = (args: readonly string[], options = {}) =>
  runCli(undefined, ['exec', ...args], options);

/** Has a child, and tells the pids of both. Neither ends by itself. */
const FAMILY = 'sleep 60 & echo $! > child; echo $$ > self; wait';

async function pidIn(cwd: string, file: string): Promise<number> {
  const read = () => readFile(join(cwd, file), 'utf8').catch(() => '');
  return Number(await until(read, { what: `a pid in ${file}` }));
}

test('Ctrl-C ends what runs, with all its children, and tells of what was not begun', async () => {
  const cwd = await folderWith({});
  const tasks = [sh('a', 'echo done'), sh('b', FAMILY), sh('c', 'true'), sh('d', 'true')];
  const program = startExec([JSON.stringify(tasks), '-t', '1', '-o', 'out.json'], { cwd });
  const pids = [await pidIn(cwd, 'child'), await pidIn(cwd, 'self')];
  program.signal('SIGINT');
  expect(await program.exited).toEqual({ code: 130, signal: null });
  for (const pid of pids) await gone(pid);
  expect(JSON.parse(await readFile(join(cwd, 'out.json'), 'utf8'))).toEqual([
    expect.objectContaining({ identifier: 'a', exit_code: 0, result_body: 'done\n' }),
    expect.objectContaining({ identifier: 'b', exit_code: 143, signal: 'SIGTERM' }),
    { identifier: 'c', exit_code: 130, result_body: '', error: 'not run: interrupted' },
    { identifier: 'd', exit_code: 130, result_body: '', error: 'not run: interrupted' },
  ]);
});

test('a second Ctrl-C ends it at once; no process and no half file is left', async () => {
  const cwd = await folderWith({ 'out.json': 'of before' });
  const deaf = sh('a', `trap 'echo > heard' TERM; ${FAMILY}; while :; do sleep 0.1; done`);
  const program = startExec([JSON.stringify([deaf]), '-o', 'out.json'], { cwd });
  const pids = [await pidIn(cwd, 'child'), await pidIn(cwd, 'self')];
  program.signal('SIGINT');
  await until(() => access(join(cwd, 'heard')).then(() => true), { what: 'the first Ctrl-C' });
  program.signal('SIGINT');
  expect(await program.exited).toEqual({ code: 130, signal: null });
  for (const pid of pids) await gone(pid);
  expect(await readFile(join(cwd, 'out.json'), 'utf8')).toBe('of before');
  expect((await readdir(cwd)).sort()).toEqual(['child', 'heard', 'out.json', 'self']);
});

test('SIGHUP, when its terminal ends, is as Ctrl-C', async () => {
  const cwd = await folderWith({});
  const program = startExec([JSON.stringify([sh('a', FAMILY)]), '-o', 'out.json'], { cwd });
  const pids = [await pidIn(cwd, 'child'), await pidIn(cwd, 'self')];
  program.signal('SIGHUP');
  expect(await program.exited).toEqual({ code: 130, signal: null });
  for (const pid of pids) await gone(pid);
  expect((await readdir(cwd)).sort()).toEqual(['child', 'out.json', 'self']);
});

test('one that ignores SIGTERM is killed', async () => {
  const deaf = { ...sh('a', "trap '' TERM; while :; do sleep 0.1; done"), timeout: '300ms' };
  const { stdout } = await exec([JSON.stringify([deaf])]);
  expect(resultsIn(stdout)).toMatchObject([{ exit_code: 124, signal: 'SIGKILL' }]);
});

test('killed by a signal, invalid UTF-8, a gigabyte, children left behind with the output', async () => {
  const tasks = [
    sh('killed', 'kill -SEGV $$'),
    sh('bytes', "printf 'a\\377\\303'"),
    { identifier: 'gigabyte', command: 'head', args: ['-c', '1000000000', '/dev/zero'] },
    sh('family', 'sleep 60 & echo $!'),
  ];
  const { code, stdout } = await exec([JSON.stringify(tasks), '-t', '4']);
  expect(code).toBe(0);
  const results = resultsIn(stdout);
  expect(results).toMatchObject([
    { exit_code: 139, signal: 'SIGSEGV' },
    { exit_code: 0, result_body: 'a\ufffd\ufffd' },
    { exit_code: 0, truncated: true },
    { exit_code: 0, error: expect.stringContaining('children') },
  ]);
  expect(results[2]?.result_body).toMatch(/\[goflow: cut after 1048576 of 1000000000 bytes\]$/);
  await gone(Number(results[3]?.result_body));
});

test('| head -1: the one line is whole', async () => {
  const cwd = await folderWith({});
  const line = `node ${GOFLOW} exec '${JSON.stringify([sh('a', 'echo x')])}' | head -1`;
  const shell = spawn('sh', ['-c', line], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  shell.stdout.on('data', (part: Buffer) => (out += part.toString()));
  shell.stderr.on('data', (part: Buffer) => (err += part.toString()));
  await new Promise((resolve) => shell.on('close', resolve));
  expect(resultsIn(out)).toMatchObject([{ result_body: 'x\n' }]);
  expect(err).toBe('');
});

test('when nobody reads what --verbose says, the commands still run, and have their results', async () => {
  const cwd = await folderWith({ 'in.json': counting(40, 'sleep 0.05; ') });
  const line = `node ${GOFLOW} exec -i in.json -t 4 -v -o out.json 2>&1 | head -1`;
  const { stdout } = await exec([JSON.stringify([{ ...sh('a', line), cwd }])]);
  expect(resultsIn(stdout)[0]?.result_body).toMatch(/^job 0: started, pid \d+\n$/);
  const results = JSON.parse(await readFile(join(cwd, 'out.json'), 'utf8'));
  expect(inShort(results)).toEqual(counted(40));
});

test('a pipe that nobody reads any more is no error', async () => {
  const tasks = JSON.stringify([sh('a', 'head -c 900000 /dev/zero')]);
  const child = spawn(process.execPath, [GOFLOW, 'exec', tasks], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdout.destroy();
  let err = '';
  child.stderr.on('data', (part: Buffer) => (err += part.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect([code, err]).toEqual([0, '']);
});

test('results that cannot be written to their file in the end are printed', async () => {
  const { code, stdout, stderr } = await exec([
    '-o',
    '/dev/full',
    JSON.stringify([sh('a', 'echo x')]),
  ]);
  expect(code).toBe(1);
  expect(stderr).toContain('--outfile cannot be written');
  expect(resultsIn(stdout)).toMatchObject([{ result_body: 'x\n' }]);
});

test('an outfile that may not be replaced is not: until the end it is as it was', async () => {
  const cwd = await folderWith({ 'out.json': 'of before' });
  const wait = 'while [ ! -e go ]; do sleep 0.05; done; cat out.json';
  const program = startExec(['-o', 'out.json', '-v', JSON.stringify([sh('a', wait)])], { cwd });
  await program.line(/^a: started/);
  expect(await readFile(join(cwd, 'out.json'), 'utf8')).toBe('of before');
  await writeFile(join(cwd, 'go'), '');
  expect(await program.exited).toMatchObject({ code: 0 });
  const [result] = JSON.parse(await readFile(join(cwd, 'out.json'), 'utf8'));
  expect(result.result_body).toBe('of before');
});
