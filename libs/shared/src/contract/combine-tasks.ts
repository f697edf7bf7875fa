import { invalidOption } from '../options/invalid-option.js';
import type { TaskContract, Tasks } from './define-tasks.js';
import type { TaskDefinition, TaskDefinitions } from './task-definition.js';

/** The definitions of all, together. */
type DefinitionsOf<All extends readonly Tasks[]> = All extends readonly [
  Tasks<infer First>,
  ...infer Rest extends readonly Tasks[],
]
  ? First & DefinitionsOf<Rest>
  : unknown;

/** What {@link combineTasks} makes of contracts. */
export type CombinedTasks<All extends readonly Tasks[]> =
  DefinitionsOf<All> extends infer D extends TaskDefinitions ? Tasks<D> : Tasks;

/**
 * Makes one contract of several, such as of those of the parts of a system.
 *
 * @throws OPTION_INVALID for what `defineTasks` did not return, and for a task type that two of them define
 * @example const tasks = combineTasks(billing, mail);
 */
export function combineTasks<const All extends readonly Tasks[]>(...all: All): CombinedTasks<All> {
  const definitions: Record<string, TaskDefinition> = {};
  const contracts = new Map<string, TaskContract>();
  for (const tasks of all) {
    if (!(tasks?.contracts instanceof Map))
      throw invalidOption('tasks', 'what defineTasks() returned', tasks);
    for (const [type, contract] of tasks.contracts) {
      if (contracts.has(type))
        throw invalidOption('tasks', 'contracts that have no task type in common', type);
      contracts.set(type, contract);
    }
    Object.assign(definitions, tasks.definitions);
  }
  return Object.freeze({ definitions, contracts }) as Tasks as CombinedTasks<All>;
}
