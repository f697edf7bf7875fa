import { GoflowError } from '@goflow/shared';
import type { AnyHandler, TaskContext } from '../handlers/handler.js';

/** Goes on to the next middleware, at last to the handler, and gives the handler's result. To be called once. */
export type Next = () => Promise<unknown>;

/**
 * Code around every handler. Returns what `next()` gives, or something else instead; throws as a handler does.
 *
 * @example
 * const timed: TaskMiddleware = async function timed(_payload, ctx, next) {
 *   const startedAt = performance.now();
 *   return next().finally(() => ctx.log.info({ ms: performance.now() - startedAt }, 'ran'));
 * };
 */
export type TaskMiddleware = (payload: unknown, ctx: TaskContext, next: Next) => Promise<unknown>;

/** Puts middleware around a handler, the first outermost. Without middleware it is the handler itself. */
export function withMiddleware(
  handler: AnyHandler,
  middleware: readonly TaskMiddleware[],
): AnyHandler {
  return middleware.reduceRight<AnyHandler>(wrap, handler);
}

function wrap(inner: AnyHandler, middleware: TaskMiddleware): AnyHandler {
  return (payload, ctx) => {
    let called = false;
    return middleware(payload, ctx, async () => {
      if (called)
        throw new GoflowError(
          'NEXT_CALLED_TWICE',
          `${middleware.name || 'a middleware'} called next() twice`,
        );
      called = true;
      return inner(payload, ctx);
    });
  };
}
