/** How a transport answers an error, and whether the same call may succeed later. */
export interface ErrorEntry {
  /** The HTTP status that goflow's own servers answer with. */
  readonly http: number;
  /** True when the same call, unchanged, may succeed later. */
  readonly retryable: boolean;
  /** One sentence: when this happens. */
  readonly when: string;
  /** One sentence: what to do about it. */
  readonly cure: string;
}

const entry = (http: number, retryable: boolean, when: string, cure: string): ErrorEntry =>
  Object.freeze({ http, retryable, when, cure });

/**
 * Every code that goflow throws or stores. Codes are stable: one is never reused or renamed.
 * `docs/errors.md` is checked against this table.
 */
export const ERRORS = Object.freeze({
  TASK_TYPE_INVALID: entry(
    400,
    false,
    'A task type is not lower-case dotted words.',
    'Name it like `email.send`: letters, digits, `.` and `-`, at most 100 characters.',
  ),
  TASK_TYPE_UNKNOWN: entry(
    404,
    false,
    'A task type is pushed or handled that no contract defines.',
    'Add it to `defineTasks`, or correct the spelling.',
  ),
  TASK_UNKNOWN: entry(
    404,
    false,
    'A task is waited for whose id never existed, or whose retention is over.',
    'Check the id; keep results longer with `retention`.',
  ),
  TASK_FAILED: entry(
    500,
    false,
    'A task that is waited for failed for good.',
    'Read `error.failure`: it is what the handler threw in its last attempt.',
  ),
  TASK_TIMEOUT: entry(
    504,
    true,
    'One attempt ran longer than the `timeout` of its task type.',
    'Make the handler faster, heed `ctx.signal`, or raise `timeout`.',
  ),
  TASK_STALLED: entry(
    500,
    false,
    'The worker that ran the task died or froze too often while running it.',
    'Look for what kills the worker: memory, a native crash, a blocked event loop.',
  ),
  TASK_CANCELLED: entry(
    409,
    false,
    'A task that is waited for was cancelled.',
    'Nothing: somebody decided so.',
  ),
  TASK_EXPIRED: entry(
    410,
    false,
    'A task that is waited for was not started in time.',
    'Add workers, or allow more time.',
  ),
  WAIT_TIMEOUT: entry(
    504,
    true,
    'The outcome of a task did not arrive within the `timeout` of `wait`.',
    'The task goes on: wait again, or ask `getResult(id)` later.',
  ),
  WAIT_ABORTED: entry(
    499,
    true,
    'The signal given to `wait` was aborted.',
    'The task goes on: wait again, or ask `getResult(id)` later.',
  ),
  OPTION_INVALID: entry(
    400,
    false,
    'An option has a value that its rule refuses.',
    'The message names the option, the rule and the value.',
  ),
  PAYLOAD_INVALID: entry(
    400,
    false,
    'A payload does not match the schema of its task type.',
    'The message names the field; `error.details` holds every issue.',
  ),
  PAYLOAD_NOT_SERIALIZABLE: entry(
    400,
    false,
    'A payload holds something that JSON would lose or change.',
    'Send plain JSON: dates as ISO strings, big integers as strings, `null` for `undefined`.',
  ),
  PAYLOAD_TOO_LARGE: entry(
    413,
    false,
    'A payload is larger than `payloadLimit`.',
    'Store it elsewhere and push a reference, or raise the limit.',
  ),
  PUSH_INCOMPLETE: entry(
    503,
    true,
    'Some tasks of a `pushMany` did not get into their queue.',
    '`error.outcomes` tells of each task whether it is in, and why not.',
  ),
  RESULT_INVALID: entry(
    500,
    false,
    'A handler returned something that the result schema refuses.',
    'Correct the handler or the contract.',
  ),
  RESULT_NOT_SERIALIZABLE: entry(
    500,
    false,
    'A handler returned something that JSON would lose or change.',
    'Return plain JSON: dates as ISO strings, big integers as strings.',
  ),
  RESULT_TOO_LARGE: entry(
    500,
    false,
    'A result is larger than `resultLimit`.',
    'Store it elsewhere and return a reference, or raise the limit.',
  ),
  BROKER_UNAVAILABLE: entry(
    503,
    true,
    'Redis could not be reached within the time allowed.',
    '`error.details.sent` tells whether the command may have been carried out; a push may be repeated.',
  ),
  BROKER_REFUSED: entry(
    503,
    true,
    'Redis answered with an error: out of memory, read only, missing rights …',
    '`error.details.reason` is the word that Redis said; the message says what to do.',
  ),
  CLIENT_CLOSED: entry(
    409,
    false,
    'A client was used after `close()`.',
    'Close the client last, or create a new one.',
  ),
  WORKER_STOPPED: entry(
    409,
    false,
    'A worker was started after `stop()`.',
    'Create a new worker: a stopped one is replaced, not restarted.',
  ),
  HANDLER_MISSING: entry(
    500,
    true,
    'A worker took a task of a type that it has no handler for.',
    'Nothing is lost: the task is handed back. Start a worker that has the handler.',
  ),
  HANDLER_DUPLICATE: entry(
    409,
    false,
    'A second handler is registered for one task type.',
    'Keep one; the message names both places where it can.',
  ),
  HANDLER_INVALID: entry(
    400,
    false,
    'A handler is not a function, or a handler module cannot be loaded.',
    'The message names the module and what is wrong with it.',
  ),
  HANDLER_FAILED: entry(
    500,
    true,
    'A handler threw something without a code of its own.',
    'Read the failure: name, message, stack and cause are kept.',
  ),
  HANDLER_ESCAPED: entry(
    500,
    false,
    'A handler threw outside its own promise: in a timer, an event, a promise nobody awaits.',
    'Await everything that a handler starts; the worker logs the error and goes on.',
  ),
  NON_RETRYABLE: entry(
    500,
    false,
    'A handler threw `NonRetryableError`: the task fails at once.',
    'Read the failure.',
  ),
  RETRY_LATER: entry(
    503,
    true,
    'A handler threw `RetryLaterError`: the task is tried again after the given delay.',
    'Nothing; when the attempts are used up, read the failure.',
  ),
  NEXT_CALLED_TWICE: entry(
    500,
    false,
    'A middleware called `next()` more than once.',
    'Call it once, and return what it returns.',
  ),
  ENVELOPE_UNREADABLE: entry(
    422,
    false,
    'A job was found in a queue that is no task: its name or its data cannot be read.',
    'It is kept as failed, untouched; find out who wrote it.',
  ),
  REQUEST_INVALID: entry(
    400,
    false,
    'An HTTP request to a goflow server is malformed.',
    'The detail says what was expected.',
  ),
  UNAUTHORIZED: entry(
    401,
    false,
    'The bearer token is missing or wrong.',
    'Send `Authorization: Bearer …` with the token that the server was started with.',
  ),
  NOT_FOUND: entry(404, false, 'There is nothing at this path.', 'The detail lists the paths.'),
  PORT_IN_USE: entry(
    500,
    true,
    'The address that a server should listen on is taken.',
    'Choose another `--port`, or 0 for any free one.',
  ),
  INTERNAL: entry(
    500,
    false,
    'Something in goflow itself failed.',
    'Please report it with the log line.',
  ),
});

/** A stable error code. */
export type ErrorCode = keyof typeof ERRORS;
