import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { GOFLOW, runCli, runInTerminal } from './cli.js';
import { counted, counting, folderWith, inShort, type Job, resultsIn, sh } from './exec-rig.js';

const exec = (args: readonly string[], options = {}) =>
  runCli(undefined, ['exec', ...args], options);

/** The seed's examples: what its worker.php does, and the tasks of its executor.php. */
const WORKER = `
  const [, , what] = process.argv;
  process.stdout.write(what === 'bad' ? 'Failure. I slept' : 'The time is 13:45:01. I slept');
  process.exitCode = what === 'bad' ? 1 : 0;`;
const TASKS: Job[] = [
  { identifier: 'job 1', command: 'node', args: ['worker.mjs', 'bad'] },
  { identifier: 'job 2', command: 'node', args: ['worker.mjs', 'a_different_argument'] },
];
/** What the seed prints for them, order aside. */
const PRINTED = [
  { identifier: 'job 1', exit_code: 1, result_body: 'Failure. I slept' },
  { identifier: 'job 2', exit_code: 0, result_body: 'The time is 13:45:01. I slept' },
];

test('the seed’s example: the tasks as an argument, the results as the last line', async () => {
  const cwd = await folderWith({ 'worker.mjs': WORKER });
  const { code, stdout, stderr } = await exec([JSON.stringify(TASKS)], { cwd });
  expect([code, stderr]).toEqual([0, '']);
  expect(resultsIn(stdout)).toMatchObject(PRINTED);
  for (const result of resultsIn(stdout))
    expect(Object.keys(result)).toEqual(['identifier', 'exit_code', 'result_body', 'duration_ms']);
});

test('--infile wins over the argument, --outfile over stdout, --verbose tells of each', async () => {
  const cwd = await folderWith({ 'worker.mjs': WORKER, 'in.json': TASKS });
  const flags = ['--infile', 'in.json', '--outfile', 'out.json', '--verbose'];
  const { code, stdout, stderr } = await exec(['no JSON at all', ...flags], { cwd });
  expect([code, stdout]).toEqual([0, '']);
  expect(JSON.parse(await readFile(join(cwd, 'out.json'), 'utf8'))).toMatchObject(PRINTED);
  expect(stderr).toMatch(/^job 1: started, pid \d+$/m);
  expect(stderr).toMatch(/^job 1: exit code 1 after \d+ ms$/m);
});

test('an outfile is replaced as a whole, where its link leads to, with its rights', async () => {
  const cwd = await folderWith({ 'real.json': 'of before' });
  await symlink('real.json', join(cwd, 'out.json'));
  const { code } = await exec(['-o', 'out.json', JSON.stringify([sh('a', 'cat real.json')])], {
    cwd,
  });
  expect(code).toBe(0);
  const [result] = JSON.parse(await readFile(join(cwd, 'real.json'), 'utf8'));
  expect(result.result_body).toBe('of before');
});

test('an outfile that is no file is written to as it is', async () => {
  const line = `'${process.execPath}' '${GOFLOW}' exec -o /dev/stdout '${JSON.stringify(counting(1))}' | cat`;
  const { stdout } = await exec([JSON.stringify([sh('a', line)])]);
  const [result] = resultsIn(stdout);
  expect(inShort(resultsIn(result?.result_body ?? ''))).toEqual(counted(1));
});

/** The most that ran at once, as --verbose tells it. */
function mostAtOnce(stderr: string): number {
  let [running, most] = [0, 0];
  for (const line of stderr.split('\n')) {
    running += line.includes(': started') ? 1 : line.includes(': exit code') ? -1 : 0;
    most = Math.max(most, running);
  }
  return most;
}

test('1,000 commands, 50 at once, each with its result, in the order given', async () => {
  const cwd = await folderWith({ 'in.json': counting(1_000) });
  const { stdout, stderr } = await exec(['-i', 'in.json', '-t', '50', '-v'], { cwd });
  expect(inShort(resultsIn(stdout))).toEqual(counted(1_000));
  expect(mostAtOnce(stderr)).toBe(50);
});

test.each([
  ['2 unless told otherwise', [], 5, 2],
  ['as many as told', ['-t', '4'], 6, 4],
  ['never more than there are', ['-t', '1000000000'], 3, 3],
])('at once: %s', async (_what, flags, ...[count, most]) => {
  const tasks = JSON.stringify(counting(count, 'sleep 0.3; '));
  const { stdout, stderr } = await exec([tasks, '-v', ...flags]);
  expect(inShort(resultsIn(stdout))).toEqual(counted(count));
  expect(mostAtOnce(stderr)).toBe(most);
});

test('--order: as given, or as they end', async () => {
  const tasks = JSON.stringify([sh('slow', 'sleep 0.7'), sh('fast', 'true')]);
  const orderOf = async (...flags: string[]) =>
    resultsIn((await exec([tasks, ...flags])).stdout).map(({ identifier }) => identifier);
  expect(await orderOf()).toEqual(['slow', 'fast']);
  expect(await orderOf('--order', 'completed')).toEqual(['fast', 'slow']);
});

test('--fail ends with 1 when one failed, and only then', async () => {
  const [good, bad] = [JSON.stringify([sh('a', 'true')]), JSON.stringify([sh('a', 'exit 3')])];
  expect((await exec([bad])).code).toBe(0);
  expect((await exec([bad, '--fail'])).code).toBe(1);
  expect((await exec([good, '--fail'])).code).toBe(0);
});

test('timeout, folder, environment, stdin and stderr of each command', async () => {
  const cwd = await folderWith({ 'in.txt': 'x' });
  const tasks = [
    { ...sh('own time', 'sleep 30'), timeout: '300ms' },
    sh('time of all', 'sleep 30'),
    { ...sh('folder', 'pwd; cat in.txt'), cwd },
    { ...sh('variables', 'echo $A $B'), env: { A: 'a' } },
    { ...sh('stdin', 'cat; echo told >&2'), stdin: 'é' },
  ];
  const flags = ['-t', '5', '--command-timeout', '2s'];
  const { stdout } = await exec([JSON.stringify(tasks), ...flags], { env: { B: 'b' } });
  expect(resultsIn(stdout)).toMatchObject([
    { exit_code: 124, timed_out: true, signal: 'SIGTERM', error: 'it ran longer than 300ms' },
    { exit_code: 124, timed_out: true, error: 'it ran longer than 2s' },
    { exit_code: 0, result_body: `${cwd}\nx` },
    { exit_code: 0, result_body: 'a b\n' },
    { exit_code: 0, result_body: 'é', stderr: 'told\n' },
  ]);
});

test('commands from stdin; a REDIS_URL alone does not send them away', async () => {
  const env = { REDIS_URL: 'redis://127.0.0.1:1' };
  const { stdout } = await exec(['-i', '-'], { stdin: JSON.stringify(counting(3)), env });
  expect(inShort(resultsIn(stdout))).toEqual(counted(3));
});

test('on a terminal a bar says how far it is, and is taken away before the results', async () => {
  const tasks = JSON.stringify([sh('a', 'exit 1'), sh('b', 'sleep 0.5'), sh('c', 'sleep 0.5')]);
  const { code, stdout } = await runInTerminal(undefined, ['exec', tasks]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/\[#{6} +\]/);
  expect(stdout).toContain('33%');
  expect(stdout).toContain('1 failed');
  expect(stdout.split('\u001b[K').at(-1)).toMatch(/^\[\{"identifier":"a".*\]\r\n$/);
});

test('results that do not fit into memory go through a file, and come out the same', async () => {
  const cwd = await folderWith({});
  await writeFile(join(cwd, 'big.txt'), 'x'.repeat(1_000_000));
  // 80 MB of results, in a heap that could hold a part of them.
  const tasks = Array.from({ length: 80 }, (_, at) => sh(`job ${at}`, `cat big.txt; echo ${at}`));
  const env = { NODE_OPTIONS: '--max-old-space-size=256' };
  const { code } = await exec([JSON.stringify(tasks), '-o', 'out.json', '-t', '8'], { cwd, env });
  expect(code).toBe(0);
  const results = JSON.parse(await readFile(join(cwd, 'out.json'), 'utf8')) as Job[];
  expect(results).toHaveLength(80);
  for (const [at, result] of results.entries())
    expect(result.result_body).toBe(`${'x'.repeat(1_000_000)}${at}\n`);
});
