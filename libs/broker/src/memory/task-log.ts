import { decodeLogLine, encodeLogLine, type TaskLogEntry } from '@goflow/shared';
import type { StoredTask } from './stored-task.js';

/** How many lines are kept with a task. */
const MAX_LOG_LINES = 100;

/** Keeps lines with a task, as JSON: each reader gets its own. */
export function keepLines(task: StoredTask, lines: readonly TaskLogEntry[]): void {
  const kept = (task.log ?? []).concat(lines.slice(-MAX_LOG_LINES).map(encodeLogLine));
  task.log = kept.slice(-MAX_LOG_LINES);
}

/** The last lines of a task, the oldest first. */
export function linesOf({ log = [] }: Pick<StoredTask, 'log'>): readonly TaskLogEntry[] {
  return log.map(decodeLogLine).filter((line) => line !== undefined);
}

/** A copy of lines for somebody who watches. */
export function copyLines(lines: readonly TaskLogEntry[]): readonly TaskLogEntry[] {
  return linesOf({ log: lines.map(encodeLogLine) });
}
