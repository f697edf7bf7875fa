import type { Logger, PayloadOutput, ResultInput, TaskDefinition, TaskId } from '@goflow/shared';

/** What a handler knows of the task that it runs. */
export interface TaskContext<Type extends string = string> {
  readonly id: TaskId<Type>;
  readonly type: Type;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Rises with every start of this task on any worker: write it with your data to refuse a late, outdated run. */
  readonly starts: number;
  readonly pushedAt: Date;
  /** Aborts when the attempt times out, the worker stops, or the lease is lost. Pass it on: fetch, timers, queries. */
  readonly signal: AbortSignal;
  /** Writes lines that carry the task's id, type and attempt. */
  readonly log: Logger;
}

/**
 * User code for one task type. Returns the result; throws to be tried again, {@link RetryLaterError} to be tried again after a
 * delay of its own, {@link NonRetryableError} to fail at once. A task may run more than once: be idempotent.
 */
export type Handler<D extends TaskDefinition, Type extends string = string> = (
  payload: PayloadOutput<D>,
  ctx: TaskContext<Type>,
) => ResultInput<D> | Promise<ResultInput<D>>;

/** A handler without its types, as the worker calls it. */
export type AnyHandler = (payload: unknown, ctx: TaskContext) => unknown;
