import type { TaskId, TaskResult, TaskStatus } from '@goflow/shared';

/** A function of this process, or an object with a `run` method. It gets a signal that aborts when it is cancelled. */
export type LocalWork<T> =
  | ((signal: AbortSignal) => T | Promise<T>)
  | { run(signal: AbortSignal): T | Promise<T> };

/** Follows one function that was queued with `run`. */
export interface Tracker<T> {
  /** To be asked for with `getResult`, `status`, `cancel` like that of any task. */
  readonly id: TaskId<'function'>;
  /** Where it stands now. */
  status(): Promise<TaskStatus<unknown, 'function'>>;
  /** Resolves when it has ended, however it did. @throws CLIENT_CLOSED */
  done(): Promise<TaskResult<T, 'function'>>;
}
