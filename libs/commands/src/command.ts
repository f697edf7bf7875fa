import type { Duration } from '@goflow/shared';

/** One command, as it is written in a file of commands, and as it is pushed. */
export interface Command {
  /** What its result is told apart by: at most 1,024 characters. Need not be unique. */
  readonly identifier: string;
  /** A program: a name to be looked for in PATH, or a path. No shell reads it. */
  readonly command: string;
  /** Each is given to the program as it is. @default none */
  readonly args?: readonly string[] | undefined;
  /** How long it may run, before it is killed: from 1 ms. @default for ever */
  readonly timeout?: Duration | undefined;
  /** The folder that it runs in. @default that of the program which runs it */
  readonly cwd?: string | undefined;
  /** Variables of its environment, beside those that it has anyway. A worker refuses names that it does not list. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** What it reads from stdin. @default nothing: stdin is at its end */
  readonly stdin?: string | undefined;
}

/** What became of one command. Fields that say nothing are not there. */
export interface CommandResult {
  readonly identifier: string;
  /** Its own, or one of {@link EXEC_EXIT}. 128 + the number of the signal that ended it, as in shells. */
  readonly exit_code: number;
  /** What it wrote to stdout. What is no UTF-8 is replaced by U+FFFD. */
  readonly result_body: string;
  /** What it wrote to stderr. */
  readonly stderr?: string;
  /** The signal that ended it, such as SIGKILL. */
  readonly signal?: string;
  /** It ran longer than its `timeout`, and was killed. */
  readonly timed_out?: true;
  /** It wrote more than is kept: `result_body` or `stderr` ends with a mark. */
  readonly truncated?: true;
  /** How long it ran, in milliseconds. */
  readonly duration_ms?: number;
  /** Why it could not run, or did not end by itself. */
  readonly error?: string;
}

/** Exit codes that are not the command's own; the numbers are those of timeout(1), env(1) and shells. */
export const EXEC_EXIT = {
  /** It ran longer than its `timeout`. */
  timedOut: 124,
  /** goflow could not have it run, or lost sight of it: `error` says why. */
  unknown: 125,
  /** The worker does not allow it. */
  refused: 126,
  /** It could not be started. */
  notStarted: 127,
  /** It was not begun, because all was interrupted. */
  interrupted: 130,
} as const;
