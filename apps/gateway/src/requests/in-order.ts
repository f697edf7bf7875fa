import type { RequestHandler } from 'express';

/** Several handlers as one: what Express does between two costs as much as they do. */
export function inOrder(...handlers: readonly RequestHandler[]): RequestHandler {
  return (request, response, next) => {
    let index = 0;
    const go = (error?: unknown): void => {
      const handler = error === undefined ? handlers[index] : undefined;
      index += 1;
      if (handler) void handler(request, response, go);
      else next(error);
    };
    go();
  };
}
