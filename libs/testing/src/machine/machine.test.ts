import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findOnPath, thisMachine } from './machine.js';

test('finds only executable files, in the order of the PATH', async () => {
  const [first, second] = [await folder(), await folder()];
  const path = ['', first, second].join(delimiter);
  await writeFile(join(first, 'tool'), '');
  await writeFile(join(second, 'tool'), '');
  expect(findOnPath('tool', path)).toBeUndefined();
  await chmod(join(second, 'tool'), 0o755);
  expect(findOnPath('tool', path)).toBe(join(second, 'tool'));
  await chmod(join(first, 'tool'), 0o755);
  expect(findOnPath('tool', path)).toBe(join(first, 'tool'));
  expect(findOnPath('tool', undefined)).toBeUndefined();
});

test('runs a command to its end', async () => {
  const machine = thisMachine();
  const { code, output } = await machine.run(['sh', '-c', 'echo out; echo err >&2; exit 5']);
  expect(code).toBe(5);
  expect(output.split('\n').sort()).toEqual(['', 'err', 'out']);
  expect((await machine.run(['no-such-program-here'])).code).toBe(127);
});

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'goflow-path-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  return dir;
}
