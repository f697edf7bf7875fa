import {
  type GoflowError,
  isGoflowError,
  type TaskFacts,
  type TaskResult,
  toFailure,
} from '@goflow/shared';

/** True for what is about the result of one task only: it is encrypted with a key that is not here. Others may be read all the same. */
export const isMissingKey = (error: unknown): error is GoflowError =>
  isGoflowError(error, 'KEY_MISSING');

/** What stands for such a result among others. The task completed, and its result can be had with the key. */
export const withoutKey = (error: GoflowError, facts: TaskFacts): TaskResult => ({
  status: 'failed',
  failure: toFailure(error),
  ...facts,
});
