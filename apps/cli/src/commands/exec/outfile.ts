import { randomUUID } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { type FileHandle, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { GoflowError } from '@goflow/shared';

/** Where results go to that are not for stdout. */
export interface Outfile {
  /** Writes all, and only then puts it in its place. @throws what the system says */
  write(texts: AsyncIterable<string>): Promise<void>;
  /** Takes away what was not finished; for a process that is about to exit, too. */
  discard(): void;
}

/**
 * Opens a file for results, before anything runs. They are written beside it and moved there when they are whole: whoever reads it finds
 * the old file or the new one. What is no regular file, such as a pipe, and what lies in a folder that cannot be written to, is written
 * to as it is.
 *
 * @throws OPTION_INVALID when it cannot be written
 */
export async function openOutfile(cwd: string, given: string): Promise<Outfile> {
  try {
    const path = await followed(resolve(cwd, given));
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) throw new Error('it is a directory');
    if (found && !found.isFile()) return await openInPlace(path);
    // Also what may be replaced has to be writable: its owner has said so.
    if (found) await (await open(path, 'r+')).close();
    return await openBeside(path, found?.mode).catch((error: NodeJS.ErrnoException) => {
      if (found && /^(EACCES|EPERM|EROFS)$/.test(error.code ?? '')) return openInPlace(path);
      throw error;
    });
  } catch (error) {
    const { message } = error as Error;
    throw new GoflowError('OPTION_INVALID', `--outfile ${given} cannot be written: ${message}`);
  }
}

/** A link stays a link. */
async function followed(path: string): Promise<string> {
  return realpath(path).catch(async () => join(await realpath(dirname(path)), basename(path)));
}

async function openBeside(path: string, mode: number | undefined): Promise<Outfile> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  const file = await open(temporary, 'wx', mode ?? 0o666);
  // What the umask took away.
  if (mode !== undefined) await file.chmod(mode);
  let isThere = true;
  return {
    write: async (texts) => {
      await writeAll(file, texts);
      await file.sync();
      await file.close();
      await rename(temporary, path).catch((error: unknown) => overwrite(temporary, path, error));
      isThere = false;
    },
    discard: () => {
      if (!isThere) return;
      isThere = false;
      unlinkSync(temporary);
      file.close().catch(() => undefined);
    },
  };
}

/** What is mounted there cannot be replaced, but may be written to. */
async function overwrite(from: string, to: string, error: unknown): Promise<void> {
  if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
  const [source, target] = [await open(from, 'r'), await open(to, 'w')];
  await writeAll(target, source.createReadStream({ encoding: 'utf8' }));
  await target.close();
  await unlink(from);
}

async function openInPlace(path: string): Promise<Outfile> {
  // Without cutting it: until there is something to write, it stays as it is.
  const file = await open(path, 'r+').catch(() => open(path, 'a'));
  return {
    write: async (texts) => {
      await file.truncate(0).catch(() => undefined);
      await writeAll(file, texts);
      await file.close();
    },
    discard: () => void file.close().catch(() => undefined),
  };
}

async function writeAll(file: FileHandle, texts: AsyncIterable<string>): Promise<void> {
  for await (const text of texts) await file.appendFile(text);
}
