import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCli } from './cli.js';
import { counting, folderWith, resultsIn, sh, startExec } from './exec-rig.js';

const exec = (args: readonly string[], options = {}) =>
  runCli(undefined, ['exec', ...args], options);

/** Leaves a mark when it runs. */
const MARK = sh('mark', 'touch ran');
const ONE = JSON.stringify([MARK]);

test.each<[string, readonly string[], string]>([
  ['nothing', [], 'expected commands: as an argument, or --infile'],
  ['an infile that is not there', ['-i', 'nope.json'], 'nope.json cannot be read: ENOENT'],
  ['an infile that is a folder', ['-i', 'folder'], 'folder cannot be read: it is a directory'],
  ['an empty infile', ['-i', 'empty.json'], 'empty.json is empty: expected an array'],
  ['an infile that is no UTF-8', ['-i', '/bin/sh'], 'is no UTF-8'],
  ['an object', ['{}'], 'the argument is no array'],
  ['null', ['null'], 'the argument is no array'],
  ['broken JSON', ['-i', 'broken.json'], 'invalid JSON in broken.json, line 3, column 19'],
  ['a command that is none', ['[1]'], '[0]: expected a command'],
  ['a field too few', ['[{"command":"x"}]'], '[0].identifier: missing'],
  ['a field too many', ['-i', 'shell.json'], '[1].shell: unknown; known are identifier'],
  ['many mistakes', [JSON.stringify(Array(9).fill({ identifier: 'a' }))], 'and 6 more'],
  ['--max_threads 0', ['-t', '0', ONE], '--max_threads` to be an integer from 1'],
  ['--max_threads -1', ['-t', '-1', ONE], '--max_threads` to be an integer from 1'],
  ['--max_threads 1e9', ['-t', '1e9', ONE], '--max_threads` to be an integer from 1'],
  ['--max_threads x', ['--max_threads', 'x', ONE], '--max_threads` to be an integer from 1'],
  ['--order', ['--order', 'up', ONE], '`--order` to be given or completed'],
  ['--command-timeout', ['--command-timeout', 'soon', ONE], '--command-timeout` to be a duration'],
  ['--queue without --redis', ['--queue', 'a', ONE], '--queue needs --redis'],
  [
    'an outfile in no folder',
    ['-o', 'no/out.json', ONE],
    '--outfile no/out.json cannot be written',
  ],
  ['an outfile that is a folder', ['-o', 'folder', ONE], 'it is a directory'],
  ['an outfile nobody may write', ['-o', '/proc/version', ONE], 'cannot be written'],
])('refused before anything runs: %s', async (_what, args, why) => {
  const cwd = await folderWith({
    'empty.json': ' \n',
    'broken.json': '[\n  {"identifier": "a",\n   "command": "b" "args": []}\n]',
    'shell.json': [MARK, { ...MARK, shell: true }],
  });
  await mkdir(join(cwd, 'folder'));
  const { code, stdout, stderr } = await exec(args, { cwd });
  expect(stderr).toContain(why);
  expect([code, stdout]).toEqual([2, '']);
  expect(await readdir(cwd)).not.toContain('ran');
});

test('what cannot start has a result like all others: 127, and why', async () => {
  const cwd = await folderWith({ 'plain.txt': 'x' });
  const tasks = [
    { identifier: 'none', command: 'no-such-program' },
    { identifier: 'plain', command: './plain.txt' },
    { ...sh('folder', 'true'), cwd: 'nowhere' },
    sh('good', 'true'),
  ];
  const { code, stdout } = await exec([JSON.stringify(tasks)], { cwd });
  expect(code).toBe(0);
  expect(resultsIn(stdout)).toMatchObject([
    { identifier: 'none', exit_code: 127, error: 'there is no program no-such-program' },
    { identifier: 'plain', exit_code: 127, error: './plain.txt is not executable' },
    { identifier: 'folder', exit_code: 127, error: expect.stringContaining('there is no folder') },
    { identifier: 'good', exit_code: 0 },
  ]);
});

test('an empty array has an empty one as its results', async () => {
  expect(await exec(['[]', '--fail'])).toMatchObject({ code: 0, stdout: '[]\n' });
});

test('what a command is called and prints does not steer the terminal', async () => {
  const tasks = JSON.stringify([sh('\u001b[2J\u009b1m\nx', "printf '\\033[2J'")]);
  const { stdout, stderr } = await exec([tasks, '-v']);
  const steering = (stdout + stderr).match(/\p{Cc}/gu);
  expect([...new Set(steering)]).toEqual(['\n']);
  expect(resultsIn(stdout)[0]).toMatchObject({ result_body: '\u001b[2J' });
});

test('100,000 commands are held in little memory, and each is told of when it is ended early', async () => {
  const cwd = await folderWith({ 'many.json': counting(100_000, 'sleep 60; ') });
  const env = { NODE_OPTIONS: '--max-old-space-size=192' };
  const program = startExec(['-i', 'many.json', '-t', '20', '-v'], { cwd, env });
  await program.line(/^job 19: started/);
  program.signal('SIGINT');
  expect(await program.exited).toEqual({ code: 130, signal: null });
  const results = resultsIn(program.stdout);
  expect(results).toHaveLength(100_000);
  expect(results.slice(0, 20).every(({ signal }) => signal === 'SIGTERM')).toBe(true);
  expect(results.slice(20).every(({ error }) => error === 'not run: interrupted')).toBe(true);
});
