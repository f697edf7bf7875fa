import type { TaskLogEntry } from '../task/task-detail.js';

type Line = [
  at: number,
  level: TaskLogEntry['level'],
  message: string,
  attempt: number,
  seq: number,
  fields?: unknown,
];

/** A line of a task's log, as it is stored and sent. */
export function encodeLogLine({ at, level, message, attempt, seq, fields }: TaskLogEntry): string {
  const line: Line = [at.getTime(), level, message, attempt, seq];
  return JSON.stringify(fields === undefined ? line : [...line, fields]);
}

/** A stored line; `undefined` for what is none. */
export function decodeLogLine(stored: string): TaskLogEntry | undefined {
  try {
    const [at, level, message, attempt, seq, fields] = JSON.parse(stored) as Line;
    if (!Number.isFinite(at)) return undefined;
    const line = { at: new Date(at), level, message, attempt, seq };
    return fields === undefined ? line : { ...line, fields };
  } catch {
    // Another program wrote it.
    return undefined;
  }
}
