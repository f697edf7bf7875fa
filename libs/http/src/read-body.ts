import type { IncomingHttpHeaders } from 'node:http';
import { GoflowError } from '@goflow/shared';
import type { Request } from 'express';
import { holdBody } from './held-bodies.js';
import { HttpRefusal } from './problem.js';

/** Of a body, in bytes. @default 16 KiB: a number in braces */
export interface BodyLimit {
  readonly maxBytes?: number | undefined;
}

const MAX_BYTES = 16 * 1024;

/**
 * Reads the body of a request, which is not packed. What is too large is refused at once, and not read to its end, as body-parser
 * does: so nobody keeps the server reading. Nothing else reads bodies, so that all of them are counted together.
 *
 * @throws REQUEST_INVALID, with the status 413 or 415; TOO_MANY_REQUESTS while too many bytes of bodies are held
 */
export async function readBody(
  request: Request,
  { maxBytes = MAX_BYTES }: BodyLimit = {},
): Promise<Buffer> {
  const { 'content-length': length } = request.headers;
  if (isPacked(request.headers)) throw new HttpRefusal(415, 'a body is not packed');
  if (Number(length ?? 0) > maxBytes) throw tooLarge(maxBytes);
  // Its end would not be told any more.
  if (request.destroyed) throw endless();
  // Of a body that does not say its length nothing is known but that.
  const held = holdBody(request, Number(length ?? maxBytes));
  const chunks: Buffer[] = [];
  let bytes = 0;
  let hasEnded = false;
  await new Promise<void>((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else reject(tooLarge(maxBytes));
    });
    request.once('end', () => {
      hasEnded = true;
      resolve();
    });
    request.once('error', reject);
    // Comes after every request, and an error costs its stack.
    request.once('close', () => {
      if (!hasEnded) reject(endless());
    });
  });
  held.correct(bytes);
  const [only] = chunks;
  return only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks);
}

/** Whether a body comes with these headers. */
export const hasBody = (headers: IncomingHttpHeaders): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** Node gives a body as it comes: of its codings it undoes `chunked` alone. */
function isPacked(headers: IncomingHttpHeaders): boolean {
  const { 'content-encoding': content = 'identity', 'transfer-encoding': transfer = 'chunked' } =
    headers;
  return content.toLowerCase() !== 'identity' || transfer.toLowerCase() !== 'chunked';
}

const endless = (): GoflowError => new GoflowError('REQUEST_INVALID', 'the body has no end');

const tooLarge = (maxBytes: number): GoflowError =>
  new HttpRefusal(413, `a body has at most ${Math.floor(maxBytes / 1024)} KiB`);
