import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { Command } from './command.js';
import { killLiveCommands } from './process-group.js';
import { type RunCommandOptions, runCommand } from './run-command.js';

const ENV = { PATH: process.env.PATH };

const run = (command: Omit<Command, 'identifier'>, options: RunCommandOptions = {}) =>
  runCommand({ identifier: 'a', ...command }, { env: ENV, ...options });

/** A program that starts faster than Node. */
const sh = (script: string) => ({ command: 'sh', args: ['-c', script] });

/** A Node program, and what it is to be told. */
const node = (source: string, ...args: string[]) => ({
  command: process.execPath,
  args: ['-e', source, ...args],
});

/** One that has ended and that nobody has asked after yet is dead, too. */
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0) && !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

const dead = (pid: number) => until(() => !isAlive(pid), { what: `${pid} is gone` });

test('stdout, stderr and the exit code are its own', async () => {
  const source = 'process.stdout.write("out"); process.stderr.write("err"); process.exitCode = 3;';
  expect(await run(node(source))).toEqual({
    identifier: 'a',
    exit_code: 3,
    result_body: 'out',
    stderr: 'err',
    duration_ms: expect.any(Number),
  });
});

test('no shell reads what is given: every argument arrives as it is', async () => {
  const args = ['$(id)', '`id`', ';', '|', '*', "'", '"', '\\', ' a  b ', '', '\n', '$HOME', '-e'];
  const source = 'console.log(JSON.stringify(process.argv.slice(1)))';
  const { result_body } = await run({
    command: process.execPath,
    args: ['-e', source, '--', ...args],
  });
  expect(JSON.parse(result_body)).toEqual(args);
  expect(await run({ command: 'echo hello' })).toMatchObject({
    exit_code: 127,
    error: 'there is no program echo hello',
  });
});

test('a file without #! is run by /bin/sh, as the system does it; its arguments arrive as they are', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'goflow-script-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const command = join(folder, 'script');
  await writeFile(command, 'echo "$1"; echo $((1 + 1))', { mode: 0o755 });
  expect(await run({ command, args: ['$(id)'] })).toMatchObject({ result_body: '$(id)\n2\n' });
});

test('stdin, folder and environment', async () => {
  const source = `process.stdin.pipe(process.stdout);
    console.log(process.cwd(), JSON.stringify(process.env));`;
  const given = { cwd: '/', env: { MINE: 'x', PATH: '/bin' }, stdin: 'é\0🙂' };
  const { result_body } = await run({ ...node(source), ...given }, { env: { PATH: 'p', A: '1' } });
  expect(result_body).toBe('/ {"PATH":"/bin","A":"1","MINE":"x"}\né\0🙂');
});

test('a command that does not read its stdin is not in its way', async () => {
  const result = await run({ ...node(''), stdin: 'x'.repeat(1_000_000) });
  expect(result).toMatchObject({ exit_code: 0, result_body: '' });
});

test.each<[string, Omit<Command, 'identifier'>, string]>([
  ['is not there', { command: 'no-such-program' }, 'there is no program no-such-program'],
  ['is no file', { command: '/no/such' }, 'there is no program /no/such'],
  ['is not executable', { command: '/etc/passwd' }, '/etc/passwd is not executable'],
  ['is a folder', { command: '/tmp' }, '/tmp is not executable'],
  ['has no folder', { command: 'true', cwd: '/no/such' }, 'there is no folder /no/such'],
  ['has a file as its folder', { command: 'true', cwd: '/etc/passwd' }, 'there is no folder'],
  ['has a zero byte in it', { command: 'true', args: ['a\0b'] }, 'null bytes'],
  ['is too long', { command: 'true', args: ['x'.repeat(3_000_000)] }, 'longer than the system'],
])('a command that cannot start is a result, and says why: it %s', async (_what, command, why) => {
  const result = await run(command);
  expect(result).toEqual({
    identifier: 'a',
    exit_code: 127,
    result_body: '',
    error: expect.stringContaining(why),
  });
});

test('a script without its interpreter says so', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'goflow-command-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const command = join(folder, 'script');
  await writeFile(command, '#!/no/such/interpreter\n', { mode: 0o755 });
  expect(await run({ command })).toMatchObject({ error: expect.stringContaining('interpreter') });
});

test('killed by a signal: 128 and its number, as in shells', async () => {
  expect(await run(node('process.kill(process.pid, "SIGKILL")'))).toMatchObject({
    exit_code: 137,
    signal: 'SIGKILL',
  });
});

test('a command over its time is ended: 124, and what it had written', async () => {
  const begun = sh('printf begun; exec sleep 60');
  expect(await run({ ...begun, timeout: '700ms' })).toMatchObject({
    exit_code: 124,
    result_body: 'begun',
    signal: 'SIGTERM',
    timed_out: true,
    error: 'it ran longer than 700ms',
  });
});

test('one that ignores SIGTERM is killed after the grace', async () => {
  const deaf = sh('trap "echo no" TERM; while :; do sleep 0.1; done');
  const result = await run({ ...deaf, timeout: 700 }, { killGraceMs: 500 });
  expect(result).toMatchObject({ exit_code: 124, result_body: 'no\n', signal: 'SIGKILL' });
});

/** Starts a grandchild with the same output, and tells its pid. */
const withChild = (child: string, rest: string) => `
  const { spawn } = require('node:child_process');
  const child = spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' });
  console.log(child.pid);
  ${rest}`;
const FOR_EVER = 'setInterval(() => {}, 1000);';
const STUBBORN = `process.on('SIGTERM', () => {}); ${FOR_EVER}`;

test('a time that is over ends the whole group', async () => {
  const { result_body } = await run({ ...sh('sleep 60 & echo $!; wait'), timeout: 700 });
  expect(result_body).toMatch(/^\d+\n$/);
  await dead(Number(result_body));
});

test('what a command leaves in its group without its output is killed when it ends', async () => {
  const { result_body } = await run(sh('sleep 60 >/dev/null 2>&1 & echo $!'));
  await dead(Number(result_body));
});

test('children that are left behind with the output in their hands are waited for 1 s, then killed', async () => {
  const source = withChild(STUBBORN, 'child.unref();');
  const result = await run(node(source));
  expect(result).toMatchObject({
    exit_code: 0,
    error: expect.stringContaining('children that held its output open; they were killed'),
  });
  expect(result.duration_ms).toBeLessThan(10_000);
  await dead(Number(result.result_body));
});

test('one that has left the group cannot be killed with it: the result does not say that it was', async () => {
  const result = await run(sh('setsid sh -c "echo \\$\\$; exec sleep 60" & sleep 0.5'));
  const pid = Number(result.result_body);
  onTestFinished(() => void process.kill(pid, 'SIGKILL'));
  expect(isAlive(pid)).toBe(true);
  expect(result.error).toBe(
    'it left children that held its output open; they have left its process group, and may still run',
  );
});

test('what they write within that second belongs to the result', async () => {
  const late = 'setTimeout(() => console.log("late"), 300)';
  const result = await run(node(withChild(late, 'child.unref();')));
  expect(result).toMatchObject({ exit_code: 0, result_body: expect.stringContaining('late') });
  expect(result).not.toHaveProperty('error');
});

/** As a machine with too much to do, or the start of many processes, does. */
const block = (ms: number): void => {
  for (const end = performance.now() + ms; performance.now() < end; );
};

test('an event loop that is blocked for long loses no output, and takes nothing for late', async () => {
  const running = Array.from({ length: 30 }, async () => {
    // Each ends in time; what it wrote is there long before anybody can read it.
    const result = await run({ ...sh('echo x'), timeout: 2_000 }, { onStart: () => block(100) });
    block(100);
    return result;
  });
  for (const result of await Promise.all(running)) {
    expect(result).toMatchObject({ exit_code: 0, result_body: 'x\n' });
    expect(result).not.toHaveProperty('error');
  }
});

test('the signal ends it, also when it comes before the start', async () => {
  const stop = new AbortController();
  const running = run(node(FOR_EVER), { signal: stop.signal, onStart: () => stop.abort() });
  expect(await running).toMatchObject({ exit_code: 143, signal: 'SIGTERM', error: 'interrupted' });
  expect(await run(node(''), { signal: stop.signal })).toMatchObject({
    exit_code: 130,
    error: 'not run: interrupted',
  });
});

test('what is over the limit is read, counted and dropped, on both streams', async () => {
  const source = `process.stderr.write('e'.repeat(70_000)); process.stdout.write('é'.repeat(50_000));`;
  const result = await run(node(source), { outputLimit: 1_001 });
  expect(result).toMatchObject({
    exit_code: 0,
    truncated: true,
    result_body: `${'é'.repeat(500)}\n[goflow: cut after 1000 of 100000 bytes]`,
    stderr: `${'e'.repeat(1_001)}\n[goflow: cut after 1001 of 70000 bytes]`,
  });
});

test('what is endless goes by, and a megabyte of it is kept', async () => {
  const before = process.memoryUsage().rss;
  const result = await run({ command: 'head', args: ['-c', '200000000', '/dev/zero'] });
  expect(result).toMatchObject({ exit_code: 0, truncated: true });
  expect(result.result_body).toMatch(/cut after 1048576 of 200000000 bytes\]$/);
  expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
});

test('all that runs can be killed at once, by a process that is about to exit', async () => {
  const pids: number[] = [];
  const onStart = (pid: number): void => void pids.push(pid);
  const running = [1, 2].map(() => run(node(STUBBORN), { onStart }));
  await until(() => pids.length === 2, { what: 'both run' });
  killLiveCommands();
  for (const result of await Promise.all(running)) expect(result.signal).toBe('SIGKILL');
});
