import { cp, mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Cuts up to `bytes` off the end of the newest append-only file of a data folder.
 *
 * @returns how many were cut: all of a file that is shorter
 * @throws Error when there is none.
 */
export async function cutAppendOnlyFile(dataDir: string, bytes: number): Promise<number> {
  const dir = join(dataDir, 'appendonlydir');
  const names = await readdir(dir).catch(() => []);
  const newest = names.sort((a, b) => sequence(b) - sequence(a))[0];
  if (newest === undefined || sequence(newest) < 0)
    throw new Error(`no append-only file in ${dir}: start the server with --appendonly yes`);
  const file = join(dir, newest);
  const { size } = await stat(file);
  const cut = Math.min(bytes, size);
  await truncate(file, size - cut);
  return cut;
}

/** Of `appendonly.aof.12.incr.aof` 12; of other files -1. */
function sequence(name: string): number {
  return Number(/\.(\d+)\.incr\.aof$/.exec(name)?.[1] ?? -1);
}

/** Copies a data folder into a new one, and gives that. */
export async function copyDataDir(dataDir: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'goflow-redis-copy-'));
  await cp(dataDir, copy, { recursive: true });
  return copy;
}

/** Puts the content of a copy in the place of what is in the data folder. */
export async function restoreDataDir(dataDir: string, copy: string): Promise<void> {
  for (const name of await readdir(dataDir))
    await rm(join(dataDir, name), { recursive: true, force: true });
  await cp(copy, dataDir, { recursive: true });
}
