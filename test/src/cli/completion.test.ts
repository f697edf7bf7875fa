import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { GOFLOW, runCli } from './cli.js';

const has = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0;

let script = '';
beforeAll(() => {
  script = execFileSync(process.execPath, [GOFLOW, 'completion', 'bash'], { encoding: 'utf8' });
});

/** What bash offers for the last word of a line. */
function offered(line: string): string[] {
  const words = line.split(' ');
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const call = `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _goflow; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['--norc', '-c', `${script}\n${call}`], { encoding: 'utf8' });
  return out.split('\n').filter((word) => word !== '');
}

test('bash knows that goflow is completed', () => {
  const told = execFileSync('bash', ['--norc', '-c', `${script}\ncomplete -p goflow`]);
  expect(told.toString()).toBe('complete -o default -F _goflow goflow\n');
});

test.each([
  ['goflow ', ['get', 'dead', 'worker', 'completion', 'help', '--redis', '--version']],
  ['goflow ge', ['get']],
  ['goflow help comp', ['completion']],
  ['goflow dead ', ['list', 'redrive']],
  ['goflow --redis redis://a --json dead li', ['list']],
  ['goflow completion ', ['bash', 'zsh', 'fish']],
  ['goflow get --pre', ['--prefix']],
  ['goflow get id --js', ['--json']],
  ['goflow worker --wa', ['--watch']],
  ['goflow worker --conc', ['--concurrency']],
  ['goflow --prefix get wor', ['worker', 'workers']],
])('%j: among others %j', (line, words) => {
  const found = offered(line);
  expect(found).toEqual(expect.arrayContaining(words));
  const last = line.split(' ').at(-1) ?? '';
  expect(found.filter((word) => !word.startsWith(last))).toEqual([]);
});

test.each([
  'goflow --config ',
  'goflow get --tasks ',
  'goflow worker --handlers ',
  'goflow nope --x',
])('%j: nothing of ours, so that bash offers files', (line) => {
  expect(offered(line)).toEqual([]);
});

test('what is behind the end of a command is not offered in another', () => {
  expect(offered('goflow get --wat')).toEqual([]);
  expect(offered('goflow dead list compl')).toEqual([]);
});

test.each(['zsh', 'fish'])('%s takes its script', async (shell) => {
  const { code, stdout } = await runCli(undefined, ['completion', shell]);
  expect(code).toBe(0);
  for (const word of ['goflow', 'dead list', '--prefix', '--watch', 'worker'])
    expect(stdout).toContain(shell === 'fish' ? word.replace(/^--/, '-l ') : word);
  if (!has(shell)) return;
  const folder = mkdtempSync(join(tmpdir(), 'goflow-completion-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'script'), stdout);
  execFileSync(shell, ['-n', join(folder, 'script')]);
});

test('--json: the script in a document', async () => {
  const words = await runCli(undefined, ['completion', 'fish']);
  const { code, stdout } = await runCli(undefined, ['completion', 'fish', '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ shell: 'fish', script: words.stdout.trimEnd() });
});

test('another shell: 2, and which there are', async () => {
  const { code, stderr } = await runCli(undefined, ['completion', 'tcsh']);
  expect(code).toBe(2);
  expect(stderr).toContain('bash, zsh, fish');
});
