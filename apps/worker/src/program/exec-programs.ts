import {
  createExecHandler,
  defineExecTasks,
  type Environment,
  EXEC_QUEUE,
  EXEC_TYPE,
  resolveAllowedEnv,
  resolveAllowList,
} from '@goflow/commands';
import { checkQueueName, defineTasks, GoflowError, type Tasks } from '@goflow/shared';
import { HandlerRegistry } from '../handlers/handler-registry.js';
import { loadHandlers, loadTasks } from './load-modules.js';
import type { Flag } from './shared-flags.js';

/** The flags about commands. */
export interface ExecFlags {
  readonly allowPrograms: readonly string[] | undefined;
  readonly allowEnv: readonly string[] | undefined;
  readonly execQueue: string | undefined;
}

/** What commands this worker runs, and how. */
export interface ExecSettings {
  readonly allow: readonly string[];
  readonly allowEnv: readonly string[];
  readonly queue: string;
  /** The worker's own: little of it is passed on. */
  readonly env: Environment;
}

export const EXEC_FLAGS: Readonly<Record<keyof ExecFlags, Flag>> = {
  allowPrograms: {
    flag: '--allow-programs <names>',
    env: 'GOFLOW_ALLOW_PROGRAMS',
    help: 'run commands of `goflow exec`, of these programs only: php,/usr/bin/convert (default: none)',
    isRepeatable: true,
    read: (value) => [...resolveAllowList(listOf(value))],
  },
  allowEnv: {
    flag: '--allow-env <names>',
    env: 'GOFLOW_ALLOW_ENV',
    help: 'variables that commands may set in their `env`: TZ,REPORT_YEAR; * for all (default: none)',
    isRepeatable: true,
    read: (value) => [...resolveAllowedEnv(listOf(value))],
  },
  execQueue: {
    flag: '--exec-queue <name>',
    env: 'GOFLOW_EXEC_QUEUE',
    help: `queue of the commands (default: ${EXEC_QUEUE})`,
    read: (value) => checkQueueName('queue', value),
  },
};

const listOf = (value: string): string[] => value.split(',').map((name) => name.trim());

/** @throws OPTION_INVALID for what means nothing without `--allow-programs` */
export function execSettingsOf(
  { allowPrograms: allow, allowEnv, execQueue: queue }: ExecFlags,
  env: Environment,
): ExecSettings | undefined {
  if (allow) return { allow, allowEnv: allowEnv ?? [], queue: queue ?? EXEC_QUEUE, env };
  const { flag } = allowEnv ? EXEC_FLAGS.allowEnv : EXEC_FLAGS.execQueue;
  if (!allowEnv && queue === undefined) return undefined;
  const message = `${flag} needs --allow-programs: without it this worker runs no commands`;
  throw new GoflowError('OPTION_INVALID', message);
}

/** Where contracts and handlers come from. */
export interface ModuleSettings {
  readonly tasks: string | undefined;
  readonly handlers: string | undefined;
  readonly exec: ExecSettings | undefined;
}

/**
 * Loads the user's contracts and handlers, where there are any, and adds those of commands, where they are allowed.
 *
 * @throws what {@link loadTasks} and {@link loadHandlers} throw
 * @throws OPTION_INVALID when the user's contracts have a type `exec` of their own
 */
export async function loadAll({
  tasks: file,
  handlers: directory,
  exec,
}: ModuleSettings): Promise<{ readonly tasks: Tasks; readonly handlers: HandlerRegistry }> {
  const own = file === undefined ? NO_TASKS : await loadTasks(file);
  const tasks = exec ? withExec(own, exec.queue) : own;
  const handlers =
    directory === undefined ? new HandlerRegistry(tasks) : await loadHandlers(directory, tasks);
  if (exec) handlers.add(EXEC_TYPE, createExecHandler(exec) as never);
  return { tasks, handlers };
}

const NO_TASKS: Tasks = defineTasks({});

function withExec(own: Tasks, queue: string): Tasks {
  if (own.contracts.has(EXEC_TYPE)) {
    const message = `--allow-programs: the contracts have a type \`${EXEC_TYPE}\` of their own`;
    throw new GoflowError('OPTION_INVALID', message);
  }
  const { definitions, contracts } = defineExecTasks(queue);
  return Object.freeze({
    definitions: { ...own.definitions, ...definitions },
    contracts: new Map([...own.contracts, ...contracts]),
  });
}
