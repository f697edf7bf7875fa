/** Writes one line: a message, or fields and a message. */
export interface TaskLogLine {
  (message: string): void;
  (fields: object, message?: string): void;
}

/**
 * The log of one attempt. Its lines carry the task's id, type, attempt and trace; those of `info` and above are kept with the task, too: the
 * last 100, each with at most 1,000 characters of message and 2,048 of fields.
 */
export interface TaskLog {
  readonly debug: TaskLogLine;
  readonly info: TaskLogLine;
  readonly warn: TaskLogLine;
  readonly error: TaskLogLine;
  /** A log that adds these fields to every line. */
  child(fields: object): TaskLog;
}
