import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { GoflowError } from '@goflow/shared';
import type { Context } from '../context.js';

/** Something to be read. */
export interface Input {
  /** For errors. */
  readonly name: string;
  readonly stream: Readable;
  /** How many bytes it has, where that is known. */
  readonly size: number | undefined;
}

const READ_AT_ONCE = 256 * 1024;
/** Of one payload: far more than any may have. */
const MAX_TEXT = 64 * 1024 * 1024;

/** Opens a file, or stdin for `-`. Ctrl-C ends the reading. @throws OPTION_INVALID naming what cannot be read */
export async function openInput(
  from: string,
  { stdin, cwd, signal, out }: Context,
): Promise<Input> {
  if (from === '-') {
    if (stdin.isTTY) out.note('(reading from the terminal: Ctrl-D ends it)');
    return { name: 'stdin', stream: addAbortSignal(signal, stdin), size: undefined };
  }
  const path = resolve(cwd, from);
  const found = await stat(path).catch((error: Error) => {
    throw unreadable(from, error);
  });
  if (found.isDirectory()) throw unreadable(from, new Error('it is a directory'));
  const stream = createReadStream(path, { highWaterMark: READ_AT_ONCE, signal });
  return { name: from, stream, size: found.isFile() ? found.size : undefined };
}

/** All of it as text. @throws OPTION_INVALID for what cannot be read, is no UTF-8, or longer than 64 MiB */
export async function readText({ name, stream }: Input): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const bytes of stream as AsyncIterable<Uint8Array>) {
    parts.push(bytes);
    length += bytes.length;
    if (length > MAX_TEXT) throw new GoflowError('OPTION_INVALID', `${name} is longer than 64 MiB`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts));
  } catch {
    throw new GoflowError('OPTION_INVALID', `${name} is no UTF-8`);
  }
}

/** What to throw for what was thrown while a stream was read: by Ctrl-C, by the system, or by whoever took the lines. */
export function readError(error: unknown, name: string, signal: AbortSignal): unknown {
  if (signal.aborted) return new GoflowError('WAIT_ABORTED', `the reading of ${name} was ended`);
  const { syscall } = error as NodeJS.ErrnoException;
  return syscall === 'read' || syscall === 'open' ? unreadable(name, error as Error) : error;
}

const unreadable = (name: string, { message }: Error): GoflowError =>
  new GoflowError('OPTION_INVALID', `${name} cannot be read: ${message}`);
