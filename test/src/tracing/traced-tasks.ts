import { defineTasks } from '@goflow/sdk';
import { RetryLaterError, type TaskContext } from '@goflow/worker';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { z } from 'zod';

/** Not to be told. */
export const SECRET = 'canary-7431';

/** What is traced. */
export const tasks = defineTasks({
  echo: { payload: z.any(), result: z.any(), backoff: 0 },
  fail: { payload: z.any(), result: z.any(), maxAttempts: 2, backoff: 0 },
  wait: { payload: z.any(), result: z.any(), timeout: '1h' },
  snooze: { payload: z.any(), result: z.any() },
});

/** What runs it. */
export const handlers = {
  echo: (payload: unknown) => payload,
  fail: (payload: unknown) => {
    throw Object.assign(new RangeError(`not ${String(payload)}`), { details: payload });
  },
  wait: async (_payload: unknown, ctx: Pick<TaskContext, 'signal' | 'progress'>) => {
    await ctx.progress('it runs');
    return new Promise<null>((resolve) =>
      ctx.signal.addEventListener('abort', () => resolve(null)),
    );
  },
  snooze: (_payload: unknown, { starts }: { starts: number }) => {
    if (starts === 1) throw new RetryLaterError('later', { delay: 0, counted: false });
    return null;
  },
};

/** The id of the parent of a span. */
export const parentOf = (span: ReadableSpan | undefined): string | undefined =>
  span?.parentSpanContext?.spanId;
/** The id of a span. */
export const idOf = (span: ReadableSpan | undefined): string | undefined =>
  span?.spanContext().spanId;
/** Attempt, outcome and code of each. */
export const outcomes = (spans: readonly ReadableSpan[]): unknown[] =>
  spans.map(({ attributes }) => [
    attributes['goflow.task.attempt'],
    attributes['goflow.task.outcome'],
    attributes['error.type'],
  ]);
