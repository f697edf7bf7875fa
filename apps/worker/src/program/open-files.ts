import { lstat, readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** Write permission for everybody; the sticky bit of a directory, with which only owners may replace files. */
const EVERYBODY = 0o002;
const STICKY = 0o1000;
const MAX_NAMED = 10;

/**
 * The files and directories that every user of this machine may change, of those that code is loaded from: who changes them runs what he
 * wants with the rights of the worker. At most 10 are named. Nothing on Windows, where the bits say nothing.
 */
export async function openFiles(tasksFile: string, handlersDir: string): Promise<string[]> {
  if (process.platform === 'win32') return [];
  const root = resolve(handlersDir);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const inside = entries
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('node_modules'));
  const tasks = resolve(tasksFile);
  const open: string[] = [];
  for (const path of new Set([dirname(tasks), tasks, root, ...inside]))
    if (open.length < MAX_NAMED && (await isOpen(path))) open.push(path);
  return open;
}

async function isOpen(path: string): Promise<boolean> {
  const stats = await lstat(path).catch(() => undefined);
  if (!stats || (stats.mode & EVERYBODY) === 0) return false;
  // What a link points to has bits of its own, and those count.
  return !stats.isSymbolicLink() && !(stats.isDirectory() && (stats.mode & STICKY) !== 0);
}
