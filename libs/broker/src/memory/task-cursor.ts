import { GoflowError, type PageQuestion } from '@goflow/shared';
import type { ListedKey } from './memory-queue.js';
import { parsedJson } from './task-answers.js';

/** The place after a task, as something that a caller passes on and does not look into. It says which question it belongs to. */
export function toCursor(question: PageQuestion, time: number, sequence: number): string {
  return Buffer.from(JSON.stringify([...aboutOf(question), time, sequence])).toString('base64url');
}

/** What the tasks of the next page come before. @throws CURSOR_INVALID for one that is made up or belongs to another question. */
export function fromCursor(cursor: string, question: PageQuestion): ListedKey {
  const parts = parsedJson(Buffer.from(cursor, 'base64url').toString())?.value;
  if (Array.isArray(parts) && parts.length === 6) {
    const [time, sequence] = parts.slice(4) as unknown[];
    const isSame = JSON.stringify(parts.slice(0, 4)) === JSON.stringify(aboutOf(question));
    if (isSame && typeof time === 'number' && typeof sequence === 'number')
      return { pushedAt: time, finishedAt: undefined, sequence };
  }
  throw new GoflowError('CURSOR_INVALID', 'the cursor is made up, or belongs to another question');
}

function aboutOf({ queue, state, tag, since }: PageQuestion): readonly unknown[] {
  return [queue, state, tag ?? null, since ?? null];
}
