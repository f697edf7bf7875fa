/**
 * The door of those who push tasks and ask for results.
 *
 * @example
 * import { createGoflow, defineTasks } from '@goflow/sdk';
 * import { z } from 'zod';
 *
 * const tasks = defineTasks({ repeater: { payload: z.string(), result: z.string() } });
 * await using goflow = createGoflow({ tasks, redis: 'redis://localhost:6379' });
 * const id = await goflow.push('repeater', 'hello');
 * console.log(await goflow.wait(id));
 *
 * @module
 */

export type { RedisGiven } from '@goflow/broker';
export type {
  BackoffOptions,
  Duration,
  ErrorCode,
  Logger,
  PayloadInput,
  PushOptions,
  QueueCounts,
  ResultOutput,
  RetentionOptions,
  TaskDefinition,
  TaskDefinitions,
  TaskFailure,
  TaskId,
  TaskResult,
  TaskState,
  TaskStatus,
  Tasks,
} from '@goflow/shared';
export {
  defineTasks,
  ERRORS,
  GoflowError,
  isGoflowError,
  TASK_STATES,
  TaskFailedError,
  WaitTimeoutError,
} from '@goflow/shared';
export type { GoflowOptions } from './create-goflow.js';
export { createGoflow } from './create-goflow.js';
export type { Goflow, WaitOptions } from './goflow.js';
export type { PushOutcome } from './push-incomplete-error.js';
export { PushIncompleteError } from './push-incomplete-error.js';
