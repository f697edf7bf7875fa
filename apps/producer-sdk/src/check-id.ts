import { invalidOption, type TaskId } from '@goflow/shared';

/** Refuses what is no string: most often the promise of a push that nobody awaited. @throws OPTION_INVALID */
export function checkId(id: unknown): TaskId {
  if (typeof id === 'string') return id;
  throw invalidOption('id', ruleFor(id), id);
}

/** The same of many. @throws OPTION_INVALID */
export function checkIds(ids: unknown): TaskId[] {
  if (!Array.isArray(ids)) throw invalidOption('ids', 'an array of task ids', ids);
  for (const [index, id] of ids.entries())
    if (typeof id !== 'string') throw invalidOption(`ids[${index}]`, ruleFor(id), id);
  return [...(ids as TaskId[])];
}

const ruleFor = (id: unknown): string =>
  id instanceof Promise ? 'the id of a task (await the push)' : 'the id of a task';
