/** Writes one line: a message, or fields and a message. */
export interface TaskLogLine {
  (message: string): void;
  (fields: object, message?: string): void;
}

/**
 * The log of one attempt. Its lines carry the task's id, type, attempt and trace; those of `info` and above are kept with the task, too: the
 * last 100, each with at most 1,000 characters of message and 2,048 of fields. What the contract redacts of the payload is redacted in fields, too:
 * of `payload`, of `{ order: payload }`, of `{ card: payload.card }`; not in the message, and not under another name.
 */
export interface TaskLog {
  readonly debug: TaskLogLine;
  readonly info: TaskLogLine;
  readonly warn: TaskLogLine;
  readonly error: TaskLogLine;
  /** A log that adds these fields to every line. */
  child(fields: object): TaskLog;
}
