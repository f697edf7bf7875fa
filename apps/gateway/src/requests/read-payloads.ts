import { readJson } from '@goflow/http';
import { GoflowError } from '@goflow/shared';
import type { Request } from 'express';

/** Bodies that are in memory at once: callers that send slowly, or all at the same time, must not fill it. */
const MAX_BYTES_AT_ONCE = 128 * 1024 * 1024;
/** A body of the most bytes must always have room. */
const LEAST_BODIES = 2;
const MAX_DEPTH = 100;

/**
 * Makes what reads bodies with payloads, up to `maxBytes` each.
 *
 * @throws REQUEST_INVALID as `readJson`; TOO_MANY_REQUESTS while too many bytes of bodies are being read
 */
export function payloadReader(maxBytes: number): (request: Request) => Promise<unknown> {
  const most = Math.max(MAX_BYTES_AT_ONCE, maxBytes * LEAST_BODIES);
  let held = 0;
  return async (request) => {
    const length = Number(request.headers['content-length'] ?? maxBytes);
    // What is longer is refused by its length alone.
    const bytes = length <= maxBytes ? length : 0;
    if (held + bytes > most)
      throw new GoflowError('TOO_MANY_REQUESTS', `bodies of more than ${most} bytes at once`);
    held += bytes;
    try {
      return await readJson(request, { maxBytes, maxDepth: MAX_DEPTH });
    } finally {
      held -= bytes;
    }
  };
}
