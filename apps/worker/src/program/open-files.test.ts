import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openFiles } from './open-files.js';

test.skipIf(process.platform === 'win32')('names what everybody may change', async () => {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'goflow-open-')));
  onTestFinished(() => rm(dir, { recursive: true }));
  const handlers = join(dir, 'handlers');
  await mkdir(join(handlers, 'deep'), { recursive: true });
  const files = [join(dir, 'tasks.mjs'), join(handlers, 'a.mjs'), join(handlers, 'deep', 'b.mjs')];
  for (const file of files) {
    await writeFile(file, '');
    await chmod(file, 0o644);
  }
  const [tasks = '', one = '', other = ''] = files;
  expect(await openFiles(tasks, handlers)).toEqual([]);
  await chmod(tasks, 0o666);
  await chmod(other, 0o646);
  await chmod(join(handlers, 'deep'), 0o777);
  expect((await openFiles(tasks, handlers)).sort()).toEqual(
    [join(handlers, 'deep'), other, tasks].sort(),
  );
  await chmod(join(handlers, 'deep'), 0o1777);
  await chmod(one, 0o664);
  expect((await openFiles(tasks, handlers)).sort()).toEqual([other, tasks].sort());
});
