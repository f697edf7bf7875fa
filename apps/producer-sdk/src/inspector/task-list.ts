import { checkInteger } from '@goflow/shared';
import { fromCursor, startOf, toCursor } from './cursor.js';
import type { Question } from './filter.js';
import { type TaskSummary, toSummary } from './task-summary.js';
import { find, type TaskSource } from './walk.js';

/** One page of tasks. */
export interface TaskList<Type extends string = string> {
  /** May be empty, and yet there are more. */
  readonly tasks: readonly TaskSummary<Type>[];
  /** The cursor of the page after this one, for the same filter; not there on the last page. */
  readonly next?: string | undefined;
}

const DEFAULT_LIMIT = 50;
const LIMITS = [1, 1_000] as const;

/** The page at a cursor, or the first. @throws OPTION_INVALID, CURSOR_INVALID */
export async function listTasks(
  source: TaskSource,
  question: Question,
  { cursor, limit = DEFAULT_LIMIT }: { cursor: string | undefined; limit: number | undefined },
): Promise<TaskList> {
  checkInteger('limit', limit, LIMITS);
  const from = cursor === undefined ? startOf(question) : fromCursor(question, cursor);
  const { tasks, next } = await find(source, question, { from, limit });
  return {
    tasks: tasks.map(toSummary),
    ...(next === undefined ? {} : { next: toCursor(question, next) }),
  };
}
