import type {
  PayloadOutput,
  ProgressInput,
  ResultInput,
  TaskDefinition,
  TaskId,
} from '@goflow/shared';
import type { TaskLog } from './task-log.js';

/** What a handler knows of the task that it runs. */
export interface TaskContext<Type extends string = string, Progress = unknown> {
  readonly id: TaskId<Type>;
  readonly type: Type;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Rises with every start of this task on any worker: write it with your data to refuse a late, outdated run. */
  readonly starts: number;
  readonly pushedAt: Date;
  /** By when the whole task has to be done, where its push or contract says so. */
  readonly deadline: Date | undefined;
  readonly tags: readonly string[];
  /** The trace that the push was part of: a W3C `traceparent`. */
  readonly traceparent: string | undefined;
  /**
   * Aborts when the task is cancelled, the attempt times out, the worker stops, or the lease is lost; its reason says which. Pass it on:
   * fetch, timers, queries.
   */
  readonly signal: AbortSignal;
  /** Writes lines that carry the task's id, type, attempt and trace; the last ones are kept with the task. */
  readonly log: TaskLog;
  /**
   * Reports how far the task is. The last report counts; it is written at once, then every 200 ms at most. Resolves when it is checked.
   *
   * @param value the input of the contract's progress schema; any JSON of at most 65,536 bytes where there is none
   * @throws PROGRESS_INVALID
   */
  progress(value: Progress): Promise<void>;
}

/**
 * User code for one task type. Returns the result; throws to be tried again, {@link RetryLaterError} to be tried again after a
 * delay of its own, {@link NonRetryableError} to fail at once. A task may run more than once: be idempotent.
 */
export type Handler<D extends TaskDefinition, Type extends string = string> = (
  payload: PayloadOutput<D>,
  ctx: TaskContext<Type, ProgressInput<D>>,
) => ResultInput<D> | Promise<ResultInput<D>>;

/** A handler without its types, as the worker calls it. */
export type AnyHandler = (payload: unknown, ctx: TaskContext) => unknown;
