import { newTaskId, type TaskFailure, type TaskLogEntry, toFailure } from '@goflow/shared';
import type { TaskContext } from '@goflow/worker';

/** What the handler under test is told of its task. */
export interface RunHandlerOptions {
  /** 1 for the first attempt. @default 1 */
  readonly attempt?: number | undefined;
  /** @default 3 */
  readonly maxAttempts?: number | undefined;
  /** @default one that never aborts */
  readonly signal?: AbortSignal | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly traceparent?: string | undefined;
  readonly deadline?: Date | undefined;
}

/** What a handler did, in plain values, to be compared in tests. */
export interface HandlerRun<Result> {
  /** `completed`, or the code of what it threw decides: `retry` for most, `failed` for NON_RETRYABLE, `snoozed` for an uncounted RETRY_LATER. */
  readonly outcome: 'completed' | 'retry' | 'failed' | 'snoozed';
  /** What it returned. */
  readonly result?: Result | undefined;
  /** What it threw, as it would be stored. */
  readonly failure?: TaskFailure | undefined;
  /** The wait that a RetryLaterError asked for, in milliseconds. */
  readonly delayMs?: number | undefined;
  /** What it reported, in this order. */
  readonly progress: readonly unknown[];
  readonly log: readonly Pick<TaskLogEntry, 'level' | 'message' | 'fields'>[];
}

type AnyContext = TaskContext<never, never>;

/**
 * Runs one handler once, by itself: no broker, no contract, no retry. For unit tests of handlers.
 *
 * @throws nothing that the handler throws: that is in the answer
 * @example
 * const run = await runHandler(handlers.resize, { url, width: 100 }, { attempt: 3 });
 * expect(run).toMatchObject({ outcome: 'completed', progress: [50, 100] });
 */
export async function runHandler<Payload, Result>(
  handler: (payload: Payload, ctx: never) => Result | Promise<Result>,
  payload: Payload,
  options: RunHandlerOptions = {},
): Promise<HandlerRun<Result>> {
  const progress: unknown[] = [];
  const log: HandlerRun<Result>['log'][number][] = [];
  const ctx = contextOf(options, progress, log);
  try {
    const result = await handler(payload, ctx as never);
    return { outcome: 'completed', result, progress, log };
  } catch (thrown) {
    return { ...thrownOutcome(thrown, options), failure: toFailure(thrown), progress, log };
  }
}

function contextOf(
  options: RunHandlerOptions,
  progress: unknown[],
  log: Pick<TaskLogEntry, 'level' | 'message' | 'fields'>[],
): AnyContext {
  const { attempt = 1, maxAttempts = 3, signal = new AbortController().signal } = options;
  const context: TaskContext = {
    id: newTaskId('default'),
    type: 'test',
    attempt,
    maxAttempts,
    starts: attempt,
    pushedAt: new Date(),
    deadline: options.deadline,
    tags: options.tags ?? [],
    traceparent: options.traceparent,
    signal,
    log: logInto(log, {}),
    progress: async (value: unknown) => {
      progress.push(value);
    },
  };
  return context as AnyContext;
}

type Line = Pick<TaskLogEntry, 'level' | 'message' | 'fields'>;

function logInto(lines: Line[], bound: object): TaskContext['log'] {
  const line =
    (level: Line['level']) =>
    (first: object | string, second?: string): void => {
      const [given, message] = typeof first === 'string' ? [{}, first] : [first, second];
      const fields = { ...bound, ...given };
      const hasFields = Object.keys(fields).length > 0;
      lines.push({ level, message: message ?? '', ...(hasFields ? { fields } : {}) });
    };
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: (fields) => logInto(lines, { ...bound, ...fields }),
  };
}

function thrownOutcome(
  thrown: unknown,
  { attempt = 1, maxAttempts = 3 }: RunHandlerOptions,
): Pick<HandlerRun<never>, 'outcome' | 'delayMs'> {
  const { code, delayMs, counted } = Object(thrown) as Record<string, unknown>;
  const wait = typeof delayMs === 'number' ? { delayMs } : {};
  if (code === 'RETRY_LATER' && counted === false) return { outcome: 'snoozed', ...wait };
  if (code === 'NON_RETRYABLE' || attempt >= maxAttempts) return { outcome: 'failed' };
  return { outcome: 'retry', ...wait };
}
