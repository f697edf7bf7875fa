import { GoflowError, invalidOption, type Pushed, type TaskId } from '@goflow/shared';
import type { PushRequest, PushResult } from './push.js';
import { PushIncompleteError } from './push-incomplete-error.js';

/** Goes on to the next middleware, at last to the queue, with this request or a changed one. To be called once. */
export type NextPush = (request?: PushRequest) => Promise<Pushed>;

/**
 * Code around every push, each of `pushMany` included. Gives what `next()` gives; throws to keep a task from being pushed.
 *
 * @example
 * const traced: PushMiddleware = (request, next) =>
 *   next({ ...request, options: { ...request.options, traceparent: currentTraceparent() } });
 */
export type PushMiddleware = (request: PushRequest, next: NextPush) => Promise<Pushed>;

/** @throws OPTION_INVALID */
export function checkPushMiddleware(
  given: readonly PushMiddleware[] = [],
): readonly PushMiddleware[] {
  if (Array.isArray(given) && given.every((one) => typeof one === 'function')) return [...given];
  throw invalidOption('middleware', 'an array of functions', given);
}

/** Takes one push through middleware, the first outermost. @throws NEXT_CALLED_TWICE */
export async function pushThrough(
  request: PushRequest,
  middleware: readonly PushMiddleware[],
  push: (request: PushRequest) => Promise<Pushed>,
): Promise<Pushed> {
  const [first, ...rest] = middleware;
  if (!first) return push(request);
  let called = false;
  const pushed = await first(request, async (changed = request) => {
    if (called) {
      const name = first.name || 'a middleware';
      throw new GoflowError('NEXT_CALLED_TWICE', `${name} called next() twice`);
    }
    called = true;
    return pushThrough(changed, rest, push);
  });
  if (typeof pushed?.id === 'string') return pushed;
  throw invalidOption('what a push middleware returns', 'what next() gave', pushed);
}

interface Passed {
  readonly request: PushRequest;
  readonly resolve: (pushed: Pushed) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Takes many pushes through middleware, each by itself, and sends those that come through together: when every one of them is through or
 * kept back.
 */
export async function pushThroughAll(
  requests: readonly PushRequest[],
  middleware: readonly PushMiddleware[],
  pushAll: (requests: readonly PushRequest[]) => Promise<PushResult[]>,
): Promise<TaskId[]> {
  const passed: Passed[] = [];
  let open = requests.length;
  const close = (): void => {
    open -= 1;
    if (open === 0) void sendAll(passed, pushAll);
  };
  const results = await Promise.allSettled(
    requests.map(async (request) => {
      let isThrough = false;
      const push = (through: PushRequest): Promise<Pushed> =>
        new Promise((resolve, reject) => {
          isThrough = true;
          passed.push({ request: through, resolve, reject });
          close();
        });
      return pushThrough(request, middleware, push).finally(() => {
        if (!isThrough) close();
      });
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  // None was sent when one is wrong: what is wrong with it is the answer.
  if (failed && !results.some((result) => result.status === 'fulfilled')) throw failed.reason;
  return PushIncompleteError.idsOf(results.map(toResult));
}

async function sendAll(
  passed: readonly Passed[],
  pushAll: (requests: readonly PushRequest[]) => Promise<PushResult[]>,
): Promise<void> {
  try {
    const results = await pushAll(passed.map(({ request }) => request));
    results.forEach((result, index) => {
      if ('error' in result) passed[index]?.reject(result.error);
      else passed[index]?.resolve(result);
    });
  } catch (error) {
    for (const { reject } of passed) reject(error);
  }
}

/** The id of one that was kept back is nobody's. */
function toResult(result: PromiseSettledResult<Pushed>): PushResult {
  return result.status === 'fulfilled'
    ? result.value
    : { id: '', error: result.reason instanceof Error ? result.reason : new Error('kept back') };
}
