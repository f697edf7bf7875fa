import { entry } from './error-entry.js';
import { SERVER_ERRORS } from './server-errors.js';

export type { ErrorEntry } from './error-entry.js';

/**
 * Every code that goflow throws or stores. Codes are stable: one is never reused or renamed.
 * `docs/errors.md` is checked against this table.
 */
export const ERRORS = Object.freeze({
  TASK_TYPE_INVALID: entry({
    http: 400,
    retryable: false,
    when: 'A task type is not lower-case dotted words.',
    cure: 'Name it like `email.send`: letters, digits, `.` and `-`, at most 100 characters.',
  }),
  TASK_TYPE_UNKNOWN: entry({
    http: 404,
    retryable: false,
    when: 'A task type is pushed or handled that no contract defines.',
    cure: 'Add it to `defineTasks`, or correct the spelling.',
  }),
  TASK_UNKNOWN: entry({
    http: 404,
    retryable: false,
    when: 'A task is waited for whose id never existed, or whose retention is over.',
    cure: 'Check the id; keep results longer with `retention`.',
  }),
  TASK_FAILED: entry({
    http: 500,
    retryable: false,
    when: 'A task that is waited for failed for good.',
    cure: 'Read `error.failure`: it is what the handler threw in its last attempt.',
  }),
  TASK_TIMEOUT: entry({
    http: 504,
    retryable: true,
    when: 'One attempt ran longer than the `timeout` of its task type.',
    cure: 'Make the handler faster, heed `ctx.signal`, or raise `timeout`.',
  }),
  TASK_STALLED: entry({
    http: 500,
    retryable: false,
    when: 'The worker that ran the task died or froze too often while running it.',
    cure: 'Look for what kills the worker: memory, a native crash, a blocked event loop.',
  }),
  TASK_CANCELLED: entry({
    http: 409,
    retryable: false,
    when: 'A task that is waited for was cancelled.',
    cure: 'Nothing: somebody decided so.',
  }),
  TASK_EXPIRED: entry({
    http: 410,
    retryable: false,
    when: 'A task was not started within its `startBy`, and was not run.',
    cure: 'Add workers, or allow more time.',
  }),
  TASK_DEADLINE: entry({
    http: 504,
    retryable: false,
    when: 'A task did not complete within its `deadline`, all attempts counted.',
    cure: 'Make it faster, add workers, or allow more time.',
  }),
  TASK_POISON: entry({
    http: 500,
    retryable: false,
    when: 'A task took its worker process down twice, and is not run a third time.',
    cure: 'Look for what kills the process: memory, a native crash, `process.exit`. Redrive it when that is mended.',
  }),
  TASK_ID_TAKEN: entry({
    http: 409,
    retryable: false,
    when: 'A push gives an `id` that a task with another payload has.',
    cure: 'Use an id that follows from the payload, or push the same payload.',
  }),
  TASK_TYPE_UNHANDLED: entry({
    http: 503,
    retryable: true,
    when: 'With `strict`, a type was pushed that no live worker has a handler for.',
    cure: 'Start a worker that has the handler; nothing was sent.',
  }),
  WAIT_TIMEOUT: entry({
    http: 504,
    retryable: true,
    when: 'The outcome of a task did not arrive within the `timeout` of `wait`.',
    cure: 'The task goes on: wait again, or ask `getResult(id)` later. Of `wait`, `error.details.heldUpBy` says why it cannot start, where that is so.',
  }),
  WAIT_ABORTED: entry({
    http: 499,
    retryable: true,
    when: 'The signal given to `wait` was aborted.',
    cure: 'The task goes on: wait again, or ask `getResult(id)` later.',
  }),
  OPTION_INVALID: entry({
    http: 400,
    retryable: false,
    when: 'An option has a value that its rule refuses.',
    cure: 'The message names the option, the rule and the value.',
  }),
  PAYLOAD_INVALID: entry({
    http: 400,
    retryable: false,
    when: 'A payload does not match the schema of its task type.',
    cure: 'The message names the field; `error.details` holds every issue.',
  }),
  PAYLOAD_NOT_SERIALIZABLE: entry({
    http: 400,
    retryable: false,
    when: 'A payload holds something that JSON would lose or change.',
    cure: 'Send plain JSON: dates as ISO strings, big integers as strings, `null` for `undefined`.',
  }),
  PAYLOAD_TOO_LARGE: entry({
    http: 413,
    retryable: false,
    when: 'A payload is larger than `payloadLimit`.',
    cure: 'Store it elsewhere and push a reference, or raise the limit.',
  }),
  QUEUE_FULL: entry({
    http: 429,
    retryable: true,
    when: 'A queue holds `maxDepth` tasks that have not begun, and the push was not to wait, or waited too long.',
    cure: 'Nothing was sent: push again later, add workers, raise `maxDepth`, or let pushes wait with `whenFull`.',
  }),
  QUEUE_UNKNOWN: entry({
    http: 404,
    retryable: false,
    when: 'A queue is to be paused or resumed that nobody has pushed to, or works on.',
    cure: 'Check the name: `goflow.fleet.queues()` lists those that there are.',
  }),
  CLIENT_OVERLOADED: entry({
    http: 429,
    retryable: true,
    when: 'A client has `maxPending` pushes under way, or as many bytes of payloads as it may hold in memory.',
    cure: 'Nothing was sent: await pushes before you start more, or use `map`, which does that.',
  }),
  PUSH_INCOMPLETE: entry({
    http: 503,
    retryable: true,
    when: 'Some tasks of a `pushMany` did not get into their queue.',
    cure: '`error.outcomes` tells of each task whether it is in, and why not.',
  }),
  RESULT_INVALID: entry({
    http: 500,
    retryable: false,
    when: 'A handler returned something that the result schema refuses.',
    cure: 'Correct the handler or the contract.',
  }),
  RESULT_NOT_SERIALIZABLE: entry({
    http: 500,
    retryable: false,
    when: 'A handler returned something that JSON would lose or change.',
    cure: 'Return plain JSON: dates as ISO strings, big integers as strings.',
  }),
  RESULT_TOO_LARGE: entry({
    http: 500,
    retryable: false,
    when: 'A result is larger than `resultLimit`.',
    cure: 'Give the worker a `resultStore`, return a reference to what you stored yourself, or raise the limit.',
  }),
  RESULT_STORE_AWAY: entry({
    http: 503,
    retryable: true,
    when: 'The result store could not keep or give a result.',
    cure: 'Nothing is lost: the worker tries again. Look at the store.',
  }),
  RESULT_STORE_MISSING: entry({
    http: 500,
    retryable: false,
    when: 'A result lies in a result store, and this client was made without one.',
    cure: 'Give `createGoflow` the same `resultStore` as the workers have.',
  }),
  PROGRESS_INVALID: entry({
    http: 500,
    retryable: false,
    when: 'A handler reported a progress that its schema refuses, or that is no JSON of at most 65,536 bytes.',
    cure: 'Correct the handler or the contract.',
  }),
  CURSOR_INVALID: entry({
    http: 400,
    retryable: false,
    when: 'A cursor is made up, or belongs to another question.',
    cure: 'Pass on the `next` of the page before, with the same filter.',
  }),
  BROKER_UNAVAILABLE: entry({
    http: 503,
    retryable: true,
    when: 'Redis could not be reached within the time allowed.',
    cure: '`error.details.sent` tells whether the command may have been carried out; a push may be repeated.',
  }),
  BROKER_REFUSED: entry({
    http: 503,
    retryable: true,
    when: 'Redis answered with an error: out of memory, read only, missing rights …',
    cure: '`error.details.reason` is the word that Redis said; the message says what to do.',
  }),
  REPLICAS_MISSING: entry({
    http: 503,
    retryable: true,
    when: 'With `minReplicas`, a push, or a change of the fleet, is in the master, but not in so many replicas within `replicaTimeout`.',
    cure: 'Look at the replicas. The task `error.details.id` most likely runs: wait for it. Only with an own `id` may the push be repeated; a change of the fleet may always be.',
  }),
  CLIENT_CLOSED: entry({
    http: 409,
    retryable: false,
    when: 'A client was used after `close()`.',
    cure: 'Close the client last, or create a new one.',
  }),
  WORKER_STOPPED: entry({
    http: 409,
    retryable: false,
    when: 'A worker was started after `stop()`.',
    cure: 'Create a new worker: a stopped one is replaced, not restarted.',
  }),
  HANDLER_MISSING: entry({
    http: 500,
    retryable: true,
    when: 'For `unroutableAfter` no live worker had a handler of the task type; until then the task is handed back.',
    cure: 'Start a worker that has the handler, and redrive the dead letters.',
  }),
  HANDLER_DUPLICATE: entry({
    http: 409,
    retryable: false,
    when: 'A second handler is registered for one task type.',
    cure: 'Keep one; the message names both places where it can.',
  }),
  HANDLER_INVALID: entry({
    http: 400,
    retryable: false,
    when: 'A handler is not a function, or a handler module cannot be loaded.',
    cure: 'The message names the module and what is wrong with it.',
  }),
  HANDLER_FAILED: entry({
    http: 500,
    retryable: true,
    when: 'A handler threw something without a code of its own.',
    cure: 'Read the failure: name, message, stack and cause are kept.',
  }),
  HANDLER_ESCAPED: entry({
    http: 500,
    retryable: false,
    when: 'A handler threw outside its own promise: in a timer, an event, a promise nobody awaits.',
    cure: 'Await everything that a handler starts; the worker logs the error and goes on.',
  }),
  NON_RETRYABLE: entry({
    http: 500,
    retryable: false,
    when: 'A handler threw `NonRetryableError`: the task fails at once.',
    cure: 'Read the failure.',
  }),
  RETRY_LATER: entry({
    http: 503,
    retryable: true,
    when: 'A handler threw `RetryLaterError`: the task is tried again after the given delay.',
    cure: 'Nothing; when the attempts are used up, read the failure.',
  }),
  NEXT_CALLED_TWICE: entry({
    http: 500,
    retryable: false,
    when: 'A middleware called `next()` more than once.',
    cure: 'Call it once, and return what it returns.',
  }),
  KEY_MISSING: entry({
    http: 500,
    retryable: false,
    when: 'A result, or a payload that is to be compared or edited, is encrypted with a key that this client does not have.',
    cure: 'Give the client the key of that id (`error.details.keyId`) in `encryption.keys`.',
  }),
  ENVELOPE_UNREADABLE: entry({
    http: 422,
    retryable: false,
    when: 'A job was found in a queue that is no task: its name or its data cannot be read, or are not encrypted as they have to be.',
    cure: 'It is kept as failed, untouched; find out who wrote or changed it.',
  }),
  ...SERVER_ERRORS,
  INTERNAL: entry({
    http: 500,
    retryable: false,
    when: 'Something in goflow itself failed.',
    cure: 'Please report it with the log line.',
  }),
});

/** A stable error code. */
export type ErrorCode = keyof typeof ERRORS;
