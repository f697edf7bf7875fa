import type { TaskFilter, TaskList, TaskState, TaskSummary } from '@goflow/sdk';
import { isGoflowError } from '@goflow/shared';
import type { PageRequest } from '../page.js';
import { oneLine } from '../parts/foreign.js';

/** What was filled in to find tasks, as the address has it; empty where nothing was. */
export interface TaskSearch {
  /** An id, or a text. */
  readonly q: string;
  readonly type: string;
  readonly queue: string;
  readonly state: string;
  readonly tag: string;
}

export function searchOf({ query }: PageRequest): TaskSearch {
  const { q = '', type = '', queue = '', state = '', tag = '' } = query;
  const [text, name, word] = [q.trim(), type.trim(), tag.trim()];
  return { q: text, type: name, queue, state, tag: word };
}

/** The same as the inspector has it, which checks it. */
export function filterOf({ q, state, ...words }: TaskSearch): TaskFilter {
  const given = Object.entries({ ...words, text: q, state }).filter(([, value]) => value !== '');
  return Object.fromEntries(given) as TaskFilter & { state?: TaskState };
}

/** One page of tasks, or what is wrong with what was filled in. */
export interface Searched extends TaskList {
  readonly wrong?: string;
  /** It was found slowly: too much to be asked for again every two seconds, for each page that is open. */
  readonly isSlow: boolean;
}

const PAGE = 50;
/** Somebody waits for the page. What is rare is looked for in several goes, each of them a page. */
const PATIENCE_MS = 2_000;
const SLOW_MS = 500;

/** Asks until a page is full, or it took long enough: one question looks at a part of the tasks only. */
export async function searchPage(
  list: (cursor: string | undefined, limit: number) => Promise<TaskList>,
  cursor: string | undefined,
): Promise<Searched> {
  const begunAt = performance.now();
  const ms = (): number => performance.now() - begunAt;
  const tasks: TaskSummary[] = [];
  let next = cursor;
  try {
    do {
      const page = await list(next, PAGE - tasks.length);
      tasks.push(...page.tasks);
      next = page.next;
    } while (next !== undefined && tasks.length < PAGE && ms() < PATIENCE_MS);
  } catch (error) {
    return { tasks: [], wrong: wrongIn(error), isSlow: false };
  }
  return { tasks, next, isSlow: ms() > SLOW_MS };
}

/** What is wrong with a filter, for who filled it in. @throws what is none of theirs */
export function wrongIn(error: unknown): string {
  if (isGoflowError(error, 'CURSOR_INVALID'))
    return 'This address leads to a page of another list. Search again.';
  if (!isGoflowError(error, 'OPTION_INVALID')) throw error;
  const { option, rule } = (error.details ?? {}) as { option?: string; rule?: string };
  if (option === undefined || rule === undefined) return oneLine(error.message);
  return `The ${option.replace('filter.', '')} has to be ${rule}.`;
}
