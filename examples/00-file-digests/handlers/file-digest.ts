import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { defineHandlers, NonRetryableError } from '@goflow/worker';
import { type FileDigest, tasks } from '../tasks.js';

/** Trying again helps against these; a file that is gone or forbidden stays so. */
const PASSING = new Set(['ABORT_ERR', 'EMFILE', 'ENFILE', 'EAGAIN', 'EIO', 'ENOMEM']);
const LINE_BREAK = 0x0a;

/** Both modes take it: `goflow-worker` loads this module, local mode is given what it exports. */
export const handlers = defineHandlers(tasks, {
  'file.digest': ({ path }, ctx) => digest(path, ctx.signal),
});

/** Reads the file once, piece by piece, however large it is. */
async function digest(path: string, signal: AbortSignal): Promise<FileDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  let lines = 0;
  try {
    for await (const piece of createReadStream(path, { signal })) {
      hash.update(piece);
      bytes += piece.length;
      lines += countLineBreaks(piece);
    }
  } catch (error) {
    throw toFinal(error, path);
  }
  return { sha256: hash.digest('hex'), bytes, lines, worker: process.pid };
}

function countLineBreaks(piece: Buffer): number {
  let count = 0;
  for (let at = piece.indexOf(LINE_BREAK); at !== -1; at = piece.indexOf(LINE_BREAK, at + 1))
    count += 1;
  return count;
}

function toFinal(error: unknown, path: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined || PASSING.has(code)) return error;
  return new NonRetryableError(message, { cause: error, details: { code, path } });
}
