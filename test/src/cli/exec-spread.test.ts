import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineTasks } from '@goflow/sdk';
import { FaultProxy, until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { runWorker } from '../support/program.js';
import { newPlace, openRedis, type Place } from '../support/redis.js';
import { openClient } from '../support/system.js';
import { flagsOf, runCli } from './cli.js';
import {
  counted,
  counting,
  folderWith,
  gone,
  inShort,
  type Job,
  resultsIn,
  sh,
  startExec,
} from './exec-rig.js';

/** A worker program that runs commands; waits until it takes them. */
async function startWorker(place: Place, ...flags: string[]) {
  const worker = runWorker(['--allow-programs', 'sh', ...flagsOf(place), ...flags]);
  await worker.line(/worker started/);
  return worker;
}

const exec = (place: Place, tasks: readonly Job[], ...flags: string[]) =>
  runCli(place, ['exec', JSON.stringify(tasks), ...flags]);

test('200 commands over three workers, one killed with -9: 200 results, none lost', async () => {
  const place = newPlace();
  const flags = ['--lease', '1s', '--concurrency', '5'];
  const workers = await Promise.all([1, 2, 3].map(() => startWorker(place, ...flags)));
  const cwd = await folderWith({ 'in.json': counting(200, 'sleep 0.2; ') });
  const args = ['-i', 'in.json', '-v', ...flagsOf(place)];
  const program = startExec(args, { cwd });
  await program.line(/^job 30: exit code/);
  workers[1]?.signal('SIGKILL');
  expect(await program.exited).toEqual({ code: 0, signal: null });
  expect(inShort(resultsIn(program.stdout))).toEqual(counted(200));
});

test('what a worker does not allow is told, and is not run', async () => {
  const place = newPlace();
  await startWorker(place, '--allow-env', 'BASH_ENV');
  const tasks = [
    { identifier: 'program', command: 'node', args: ['-v'] },
    { identifier: 'path', command: '/bin/sh', args: ['-c', 'true'] },
    { ...sh('variable', 'true'), env: { BASH_ENV: 'x', MINE: '1' } },
    { ...sh('allowed', 'echo $BASH_ENV $GOFLOW_PREFIX'), env: { BASH_ENV: 'x' } },
    sh('fails', 'exit 7'),
  ];
  const { code, stdout } = await exec(place, tasks, '--fail');
  expect(code).toBe(1);
  expect(resultsIn(stdout)).toMatchObject([
    { exit_code: 126, error: 'this worker does not allow the program node' },
    { exit_code: 126, error: 'this worker does not allow the program /bin/sh' },
    { exit_code: 126, error: 'this worker does not let commands set MINE' },
    { exit_code: 0, result_body: 'x\n' },
    { exit_code: 7 },
  ]);
});

test('a queue of its own, and results larger than a worker gives back', async () => {
  const place = newPlace();
  await startWorker(place, '--exec-queue', 'reports');
  const large = sh('large', 'head -c 1000000 /dev/zero');
  const { stdout } = await exec(place, [large], '--queue', 'reports');
  expect(resultsIn(stdout)).toMatchObject([{ exit_code: 0, truncated: true }]);
});

test('without a worker they wait, which is told; Ctrl-C takes them back', async () => {
  const place = newPlace();
  const program = startExec([JSON.stringify(counting(3)), '-t', '2', ...flagsOf(place)]);
  await program.line(/no live worker runs commands: start one with goflow-worker/);
  program.signal('SIGINT');
  expect(await program.exited).toEqual({ code: 130, signal: null });
  expect(resultsIn(program.stdout)).toMatchObject([
    { exit_code: 130, error: 'interrupted: cancelled' },
    { exit_code: 130, error: 'interrupted: cancelled' },
    { exit_code: 130, error: 'not run: interrupted' },
  ]);
  const { waiting, cancelled } = await openClient(defineTasks({}), place).counts('exec');
  expect([waiting, cancelled]).toEqual([0, 2]);
});

test('Ctrl-C: only what could not be cancelled may run', async () => {
  const place = newPlace();
  const program = startExec([JSON.stringify(counting(3)), ...flagsOf(place)]);
  const client = openClient(defineTasks({}), place, { queues: ['exec'] });
  const pushed = async () => (await client.counts('exec')).waiting === 3;
  await until(pushed, { what: 'all to wait' });
  const { tasks } = await client.inspector.list({ text: 'echo 1' });
  expect(tasks).toHaveLength(1);
  const redis = openRedis(place.redis);
  // Nobody tells goflow of it.
  const [, unique] = String(tasks[0]?.id).split(':');
  expect(await redis.del(`${place.prefix}:{exec}:${unique}`)).toBe(1);
  program.signal('SIGINT');
  expect(await program.exited).toEqual({ code: 130, signal: null });
  expect(resultsIn(program.stdout)).toMatchObject([
    { exit_code: 130, error: 'interrupted: cancelled' },
    { exit_code: 125 },
    { exit_code: 130, error: 'interrupted: cancelled' },
  ]);
});

test('a queue that no live worker takes from is told at once', async () => {
  const place = newPlace();
  await startWorker(place);
  const jobs = JSON.stringify([sh('a', 'echo a')]);
  const program = startExec([jobs, '--queue', 'nosuchx', ...flagsOf(place)]);
  await program.line(/no live worker takes from nosuchx/);
  program.signal('SIGINT');
  expect(await program.exited).toMatchObject({ code: 130 });
});

test('Ctrl-C ends a command where it runs', async () => {
  const place = newPlace();
  await startWorker(place);
  const cwd = await folderWith({});
  const job = { ...sh('a', 'echo $$ > pid; sleep 60'), cwd };
  const program = startExec([JSON.stringify([job]), ...flagsOf(place)]);
  const read = () => readFile(join(cwd, 'pid'), 'utf8').catch(() => '');
  const pid = Number(await until(read, { what: 'its pid' }));
  program.signal('SIGINT');
  expect(await program.exited).toMatchObject({ code: 130 });
  await gone(pid);
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  'a worker that leaves (%s) takes its commands with it, and another runs them',
  async (signal) => {
    const place = newPlace();
    const first = await startWorker(place, '--grace', '0s');
    const cwd = await folderWith({});
    const script = `trap '' TERM; echo $$ >> pids; while [ ! -e go ]; do sleep 0.05; done; echo ok`;
    const program = startExec([JSON.stringify([{ ...sh('a', script), cwd }]), ...flagsOf(place)]);
    const pids = async () => {
      return (await readFile(`${cwd}/pids`, 'utf8').catch(() => '')).split('\n').filter(Boolean);
    };
    await until(async () => (await pids()).length === 1, { what: 'it runs' });
    first.signal(signal);
    expect(await first.exited).toMatchObject({ code: 0 });
    await gone(Number((await pids())[0]));
    await startWorker(place);
    await until(async () => (await pids()).length === 2, { what: 'it runs again' });
    await writeFile(`${cwd}/go`, '');
    await program.exited;
    expect(inShort(resultsIn(program.stdout))).toEqual([['a', 0, 'ok\n']]);
  },
);

test('Redis cannot be reached: nothing runs, and 3', async () => {
  const nowhere = ['--redis', 'redis://127.0.0.1:1', '--timeout', '500ms'];
  const { code, stderr } = await runCli(undefined, [
    'exec',
    JSON.stringify(counting(1)),
    ...nowhere,
  ]);
  expect(code).toBe(3);
  expect(stderr).toContain('BROKER_UNAVAILABLE');
});

async function behindProxy(timeout: string) {
  const place = newPlace();
  const proxy = await FaultProxy.start({ targetPort: Number(new URL(place.redis).port) });
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  const flags = ['--redis', proxy.url(place.redis), '--prefix', place.prefix];
  return { place, proxy, flags: [...flags, '--timeout', timeout] };
}

test('Redis goes away while commands are pushed: each is told, and 3', async () => {
  const { proxy, flags } = await behindProxy('3s');
  proxy.setLatency(100);
  const program = startExec([JSON.stringify(counting(3)), '-v', ...flags]);
  await program.line(/^job 2: pushed/);
  proxy.blackhole('both');
  expect(await program.exited).toEqual({ code: 3, signal: null });
  const away = { exit_code: 125, error: expect.stringMatching(/^not pushed: BROKER_UNAVAILABLE/) };
  expect(resultsIn(program.stdout)).toMatchObject([away, away, away]);
});

test('Redis is away and Ctrl-C comes: told once, and nothing is said to be cancelled', async () => {
  const { place, proxy, flags } = await behindProxy('500ms');
  const program = startExec([JSON.stringify(counting(2)), ...flags]);
  const client = openClient(defineTasks({}), place);
  const pushed = async () => (await client.counts('exec')).waiting === 2;
  await until(pushed, { what: 'both to wait' });
  // What comes next is a question for their results: so it knows that both are pushed.
  const { bytesUp } = proxy.counters;
  await until(() => proxy.counters.bytesUp > bytesUp, { what: 'it to wait for them' });
  const cut = () => {
    proxy.refuse();
    proxy.cutAll();
  };
  cut();
  await program.line(/Redis is away/);
  proxy.heal();
  await program.line(/Redis answers again/);
  cut();
  await until(() => program.stderr.split('Redis is away').length === 3, {
    what: 'the second time',
  });
  program.signal('SIGINT');
  expect(await program.exited).toEqual({ code: 130, signal: null });
  const end = { exit_code: 125, error: 'interrupted; it may run all the same' };
  expect(resultsIn(program.stdout)).toMatchObject([end, end]);
});
