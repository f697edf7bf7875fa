import { GoflowError, type TakenTask } from '@goflow/shared';

/** What a timeout needs. */
export interface TimeoutOptions {
  readonly timeoutMs: number;
  readonly onAbandoned: (task: TakenTask) => void;
}

/**
 * Gives the attempt's result, or throws TASK_TIMEOUT when time is up: the signal aborts and the slot is free, even when the
 * handler goes on. What that handler still returns or throws is dropped.
 */
export function withTimeout<T>(
  attempt: Promise<T>,
  task: TakenTask,
  options: TimeoutOptions,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const error = new GoflowError(
        'TASK_TIMEOUT',
        `attempt ${task.attempt} ran longer than ${options.timeoutMs} ms`,
      );
      task.abort(error);
      options.onAbandoned(task);
      reject(error);
    }, options.timeoutMs);
    attempt.then(
      (result) => {
        clearTimeout(timer);
        resolve(result);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
