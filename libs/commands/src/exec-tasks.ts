import { defineTasks, MAX_TIMER_MS, type TaskDefinition, type Tasks } from '@goflow/shared';
import { COMMAND_RESULT_SCHEMA, COMMAND_SCHEMA } from './command-schema.js';

/** The type of commands. */
export const EXEC_TYPE = 'exec';
/** The queue of commands, unless another was said: a command never takes a slot of the other tasks. */
export const EXEC_QUEUE = 'exec';

/** The contract of commands. */
export type ExecTasks = Tasks<{ readonly exec: ExecDefinition }>;

type ExecDefinition = TaskDefinition & {
  readonly payload: typeof COMMAND_SCHEMA;
  readonly result: typeof COMMAND_RESULT_SCHEMA;
};

/**
 * The contract `exec`: a command in, its result out. A command that ends with another exit code than 0 is a task that completed, and is not
 * run again. Results are kept for an hour.
 *
 * @param queue default `exec`; workers and clients must agree
 * @throws OPTION_INVALID for what is no name of a queue
 */
export function defineExecTasks(queue: string = EXEC_QUEUE): ExecTasks {
  const exec: ExecDefinition = {
    payload: COMMAND_SCHEMA,
    result: COMMAND_RESULT_SCHEMA,
    queue,
    // A command has a timeout of its own, or none.
    timeout: MAX_TIMER_MS,
    retention: { completed: '1h' },
    // Where commands are given their passwords.
    redact: ['env.*'],
  };
  return defineTasks({ exec });
}
