import type { TaskLogEntry } from '@goflow/shared';
import type { StoredTask } from './stored-task.js';

/** How many lines are kept with a task. */
const MAX_LOG_LINES = 100;

/** Keeps lines with a task, as JSON: each reader gets its own. */
export function keepLines(task: StoredTask, lines: readonly TaskLogEntry[]): void {
  const kept = (task.log ?? []).concat(lines.slice(-MAX_LOG_LINES).map(encodeLine));
  task.log = kept.slice(-MAX_LOG_LINES);
}

/** The last lines of a task, the oldest first. */
export function linesOf({ log = [] }: StoredTask): readonly TaskLogEntry[] {
  return log.map(decodeLine);
}

/** A copy of lines for somebody who watches. */
export function copyLines(lines: readonly TaskLogEntry[]): readonly TaskLogEntry[] {
  return lines.map((line) => decodeLine(encodeLine(line)));
}

function encodeLine({ at, level, message, attempt, fields }: TaskLogEntry): string {
  const line = [at.getTime(), level, message, attempt];
  return JSON.stringify(fields === undefined ? line : [...line, fields]);
}

function decodeLine(stored: string): TaskLogEntry {
  const [at, level, message, attempt, fields] = JSON.parse(stored) as [
    number,
    TaskLogEntry['level'],
    string,
    number,
    unknown,
  ];
  const line = { at: new Date(at), level, message, attempt };
  return fields === undefined ? line : { ...line, fields };
}
