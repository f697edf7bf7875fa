/**
 * Commands of the operating system as tasks: their contract, what runs one, and the handler for workers. The only home of child
 * processes; no shell reads what is given.
 *
 * @module
 */

export type { AllowList } from './allow-list.js';
export { resolveAllowList } from './allow-list.js';
export type { Command, CommandResult } from './command.js';
export { EXEC_EXIT } from './command.js';
export { checkCommand } from './command-schema.js';
export type { Environment } from './environment.js';
export { resolveAllowedEnv } from './environment.js';
export type { ExecHandler, ExecHandlerOptions } from './exec-handler.js';
export { createExecHandler } from './exec-handler.js';
export type { ExecTasks } from './exec-tasks.js';
export { defineExecTasks, EXEC_QUEUE, EXEC_TYPE } from './exec-tasks.js';
export { killLiveCommands } from './process-group.js';
export type { RunCommandOptions } from './run-command.js';
export { notRun, runCommand } from './run-command.js';
