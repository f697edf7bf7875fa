import { dirname } from 'node:path';
import {
  defineTasks,
  GoflowError,
  invalidOption,
  suggest,
  type TaskContract,
  type Tasks,
} from '@goflow/shared';
import type { StandardSchemaV1 } from '@standard-schema/spec';

/** What contracts are wanted for. */
export interface ContractChoice {
  readonly type: string;
  /** The module of `--tasks`, where it was given. */
  readonly tasks: string | undefined;
  /** The queue of `--queue`: only for a type without a contract. @default 'default' */
  readonly queue?: string | undefined;
}

/** Any JSON. */
const ANYTHING: StandardSchemaV1 = {
  '~standard': { version: 1, vendor: 'goflow', validate: (value) => ({ value }) },
};

/**
 * The contracts that a type is pushed with: those of the module of `--tasks`, else one for this type that takes any payload; its workers
 * check it then.
 *
 * @throws OPTION_INVALID, TASK_TYPE_INVALID, TASK_TYPE_UNKNOWN with what was probably meant
 */
export async function contractsFor({ type, tasks: file, queue }: ContractChoice): Promise<Tasks> {
  if (file === undefined)
    return defineTasks({ [type]: { payload: ANYTHING, result: ANYTHING, queue } });
  const tasks = await loadContracts(file);
  const contract = tasks.contracts.get(type);
  if (!contract) throw unknownType(type, tasks);
  if (queue !== undefined && queue !== contract.queue)
    throw invalidOption(
      '--queue',
      `left out: the contract of ${type} says ${contract.queue}`,
      queue,
    );
  return tasks;
}

/** The contracts of the module of `--tasks`: TypeScript, too, where tsx can be had. @throws OPTION_INVALID */
export async function loadContracts(file: string): Promise<Tasks> {
  // Only here: most calls name no such file.
  const { loadTasks, useTypeScript } = await import('@goflow/worker/modules');
  await useTypeScript([file], dirname(file));
  return loadTasks(file);
}

/** The contract of a type that {@link contractsFor} found. */
export function contractIn(tasks: Tasks, type: string): TaskContract {
  const contract = tasks.contracts.get(type);
  if (!contract) throw unknownType(type, tasks);
  return contract;
}

const MAX_TOLD = 20;

function unknownType(type: string, { contracts }: Tasks): GoflowError {
  const known = [...contracts.keys()];
  const meant = suggest(type, known);
  const others = known.length > MAX_TOLD ? ` and ${known.length - MAX_TOLD} more` : '';
  const rest = meant
    ? `did you mean ${meant}?`
    : `known are: ${known.slice(0, MAX_TOLD).join(', ')}${others}`;
  return new GoflowError('TASK_TYPE_UNKNOWN', `--tasks has no task type "${type}"; ${rest}`);
}
