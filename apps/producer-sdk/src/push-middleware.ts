import { GoflowError, invalidOption, type Pushed, type TaskId } from '@goflow/shared';
import type { PushRequest } from './push.js';
import { PushIncompleteError } from './push-incomplete-error.js';
import type { PushResult } from './task-sender.js';

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

/** One push of many that came through its middleware. */
interface Passed {
  /** Its place among the payloads. */
  readonly index: number;
  readonly request: PushRequest;
  readonly resolve: (pushed: Pushed) => void;
  readonly reject: (error: unknown) => void;
}

/** What sends those that came through. Each tells its place among the payloads, of which some may be kept back. */
export type PushPassed = (
  requests: readonly (PushRequest & { readonly index: number })[],
) => Promise<readonly PushResult[]>;

/**
 * Takes many pushes through middleware, each by itself, and sends those that come through together, in the order of the payloads: when
 * every one of them is through or kept back.
 *
 * @throws PUSH_INCOMPLETE when some are in and some are not; what kept the first back, when none was sent.
 */
export async function pushThroughAll(
  requests: readonly PushRequest[],
  middleware: readonly PushMiddleware[],
  pushPassed: PushPassed,
): Promise<TaskId[]> {
  const passed: Passed[] = [];
  const sent = new Map<number, PushResult>();
  let open = requests.length;
  const close = (): void => {
    open -= 1;
    if (open === 0 && passed.length > 0) void sendAll(passed, sent, pushPassed);
  };
  const results = await Promise.allSettled(
    requests.map(async (request, index) => {
      let isThrough = false;
      const push = (through: PushRequest): Promise<Pushed> =>
        new Promise((resolve, reject) => {
          isThrough = true;
          passed.push({ index, request: through, resolve, reject });
          close();
        });
      return pushThrough(request, middleware, push).finally(() => {
        if (!isThrough) close();
      });
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  const isNoneIn = sent.size === 0 && !results.some((result) => result.status === 'fulfilled');
  if (failed && isNoneIn) throw failed.reason;
  return PushIncompleteError.idsOf(
    results.map((result, index) => toResult(result, sent.get(index))),
  );
}

/** Writes what became of each into `sent`, by its place: nothing, where one was wrong, and so none was sent. */
async function sendAll(
  passed: readonly Passed[],
  sent: Map<number, PushResult>,
  pushPassed: PushPassed,
): Promise<void> {
  // Some middleware takes longer than others.
  const inOrder = [...passed].sort((a, b) => a.index - b.index);
  try {
    const results = await pushPassed(inOrder.map(({ request, index }) => ({ ...request, index })));
    for (const [place, { index, resolve, reject }] of inOrder.entries()) {
      const result = results[place] as PushResult;
      sent.set(index, result);
      if ('error' in result) reject(result.error);
      else resolve(result);
    }
  } catch (error) {
    for (const { reject } of passed) reject(error);
  }
}

/** The id of one that was kept back is nobody's; one that was sent and failed may yet be in. */
function toResult(result: PromiseSettledResult<Pushed>, sent: PushResult | undefined): PushResult {
  if (result.status === 'fulfilled') return result.value;
  const reason: unknown = result.reason;
  const error = reason instanceof Error ? reason : new Error('kept back', { cause: reason });
  return { id: sent?.id ?? '', error };
}
