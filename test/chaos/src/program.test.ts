import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { checkWritable } from './plan/plan-files.js';
import { runProgram } from './program.js';

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'goflow-chaos-files-'));
  onTestFinished(() => rm(made, { recursive: true }));
  return made;
}

/** What the program says, when it ends without a run. */
async function said(...args: readonly string[]): Promise<string> {
  const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  onTestFinished(() => error.mockRestore());
  expect(await runProgram(args)).toBe(2);
  return error.mock.calls.flat().join('\n');
}

test('a plan that cannot be read ends the program at once, with its name', async () => {
  const none = join(await folder(), 'none.json');
  expect(await said('--replay', none)).toMatch(/^chaos: --replay .*none\.json: ENOENT/);
  await writeFile(none, '{"seed": 7}');
  expect(await said('--replay', none)).toContain('this is no plan');
  await writeFile(none, 'no JSON');
  expect(await said('--replay', none)).toContain('none.json');
});

test.each(['--json', '--save'])(
  'a file of %s that cannot be written ends the program before its run',
  async (flag) => {
    const made = await folder();
    expect(await said(flag, join(made, 'no', 'such', 'folder.json'))).toContain(`chaos: ${flag}`);
    expect(await said(flag, made)).toContain('EISDIR');
  },
);

test('looking whether a file can be written changes none and leaves none', async () => {
  const made = await folder();
  const file = join(made, 'sums.json');
  checkWritable('--json', file);
  expect(existsSync(file)).toBe(false);
  await writeFile(file, 'before');
  checkWritable('--json', file);
  expect(await readFile(file, 'utf8')).toBe('before');
  expect(await readdir(made)).toEqual(['sums.json']);
});
