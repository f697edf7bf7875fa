import { ERRORS, type ErrorCode } from './error-table.js';
import { ENCRYPTED_TEXT, type TaskFailure } from './task-failure.js';

/** Marks goflow's errors across duplicate copies of the package, where `instanceof` fails. */
const MARK = Symbol.for('goflow.error');

/** Options of every goflow error. */
export interface GoflowErrorOptions {
  readonly cause?: unknown;
  /** Plain JSON that a program can act on: fields, limits, reasons. */
  readonly details?: unknown;
}

/** The base of every error that goflow throws. Match on `code`, best with {@link isGoflowError}. */
export class GoflowError extends Error {
  override readonly name: string = 'GoflowError';
  readonly code: ErrorCode;
  readonly details: unknown;

  // On the prototype and not in the type: a unique symbol in it would make the errors of two copies of this package
  // foreign to each other for the compiler, too.
  static {
    Object.defineProperty(GoflowError.prototype, MARK, { value: true });
  }

  constructor(code: ErrorCode, message: string, options: GoflowErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
  }

  /** True when the same call, unchanged, may succeed later. */
  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

/**
 * True for an error of goflow's, with the given code where one is given. Works across realms and across
 * two copies of the package.
 */
export function isGoflowError(error: unknown, code?: ErrorCode): error is GoflowError {
  if (typeof error !== 'object' || error === null) return false;
  try {
    return MARK in error && (code === undefined || Reflect.get(error, 'code') === code);
  } catch {
    // A proxy whose traps throw: whatever it is, it is no error of goflow's.
    return false;
  }
}

/** A task that is waited for failed for good (`TASK_FAILED`). `failure` is what its last attempt threw. */
export class TaskFailedError extends GoflowError {
  override readonly name = 'TaskFailedError';
  readonly taskId: string;
  readonly failure: TaskFailure;
  readonly attempts: number;

  constructor(taskId: string, failure: TaskFailure, attempts: number) {
    super('TASK_FAILED', `task ${taskId} failed: ${wordsOf(failure)}`);
    this.taskId = taskId;
    this.failure = failure;
    this.attempts = attempts;
  }
}

/** What is encrypted, and could not be read here, says nothing: its code does. */
const wordsOf = ({ message, code }: TaskFailure): string =>
  message === ENCRYPTED_TEXT ? `${code} ${ENCRYPTED_TEXT}` : message;

/**
 * The outcome of a task did not arrive in time (`WAIT_TIMEOUT`). The task itself goes on. Where it cannot start, as nobody can take it, the
 * message and `details.heldUpBy` say why.
 */
export class WaitTimeoutError extends GoflowError {
  override readonly name = 'WaitTimeoutError';
  readonly taskId: string;
  readonly timeoutMs: number;

  constructor(taskId: string, timeoutMs: number, heldUpBy?: string) {
    const why = heldUpBy === undefined ? 'the task goes on' : `the task is held up: ${heldUpBy}`;
    const message = `no outcome of task ${taskId} within ${timeoutMs} ms; ${why}`;
    super('WAIT_TIMEOUT', message, heldUpBy === undefined ? {} : { details: { heldUpBy } });
    this.taskId = taskId;
    this.timeoutMs = timeoutMs;
  }
}
