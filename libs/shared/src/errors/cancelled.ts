import { GoflowError } from './goflow-error.js';
import { type TaskFailure, toFailure } from './task-failure.js';

/** What the handler of a cancelled task finds in `ctx.signal.reason`. */
export function cancelledError(reason: string): GoflowError {
  return new GoflowError('TASK_CANCELLED', `the task was cancelled: ${reason}`);
}

/** What stands with a cancelled task. No stack: it would show goflow's own. */
export function cancelledFailure(reason: string): TaskFailure {
  const { stack: _, ...failure } = toFailure(cancelledError(reason));
  return failure;
}
