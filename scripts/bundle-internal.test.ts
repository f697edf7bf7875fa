import { execFile } from 'node:child_process';
import { cp, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ROOT } from './run-program.mjs';

interface Ended {
  readonly code: unknown;
  readonly stderr: string;
}

test('where nothing is installed, packing says what to run first, without a stack', async () => {
  const clone = await realpath(await mkdtemp(join(tmpdir(), 'goflow-clone-')));
  onTestFinished(() => rm(clone, { recursive: true }));
  await cp(join(ROOT, 'scripts'), join(clone, 'scripts'), { recursive: true });
  const { code, stderr } = await new Promise<Ended>((resolve) => {
    const args = [join(clone, 'scripts/bundle-internal.mjs'), 'bundle'];
    execFile(process.execPath, args, { cwd: clone }, (error, _stdout, text) =>
      resolve({ code: error?.code, stderr: text }),
    );
  });
  expect(code).toBe(1);
  expect(stderr).toContain(`run \`npm run setup\` in ${clone} first`);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});
