import { GoflowError } from '@goflow/shared';
import type { Request, RequestHandler } from 'express';

/** Of all bodies together, 128 MiB: callers that send slowly, or whose answers wait for Redis, must not fill the memory. */
const MAX_HELD = 128 * 1024 * 1024;

/** The memory of a process is one: bodies of all its servers are counted together. */
let held = 0;

/** What is being done with a request: it goes on when the client is gone. */
const work = new WeakMap<Request, Promise<unknown>>();

/** The bytes of one body. */
export interface HeldBody {
  /** How many it has, once that is known. */
  readonly correct: (bytes: number) => void;
}

/**
 * Counts a body as long as it may be in memory: until the request is answered or its client is gone, and its handler is done with it.
 *
 * @throws TOO_MANY_REQUESTS while bodies of 128 MiB are held
 */
export function holdBody(request: Request, bytes: number): HeldBody {
  if (held + bytes > MAX_HELD)
    throw new GoflowError('TOO_MANY_REQUESTS', `bodies of more than ${MAX_HELD} bytes at once`);
  let counted = bytes;
  held += counted;
  const release = (): void => {
    held -= counted;
    counted = 0;
  };
  (request.res ?? request).once('close', () => {
    const running = work.get(request);
    if (running) void running.then(release, release);
    else release();
  });
  return {
    correct: (actual) => {
      // Nothing any more, when the client is gone.
      if (counted === 0) return;
      held += actual - counted;
      counted = actual;
    },
  };
}

/** A handler whose requests keep their bodies counted until it is done. Who asks, goes away and asks again would fill the memory. */
export function holding(handler: RequestHandler): RequestHandler {
  return (request, response, next) => {
    const running: unknown = handler(request, response, next);
    if (running instanceof Promise) work.set(request, running);
    return running as ReturnType<RequestHandler>;
  };
}
