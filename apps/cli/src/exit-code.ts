import { isGoflowError } from '@goflow/shared';

/** What the command ends with. */
export const EXIT = {
  done: 0,
  /** A task failed, was cancelled or expired, or did not end in time. */
  failed: 1,
  /** Bad input: an unknown option, a payload that its contract refuses. */
  usage: 2,
  /** Redis cannot be reached, or refuses. */
  unreachable: 3,
  notFound: 4,
  /** A defect of goflow: sysexits(3), EX_SOFTWARE. */
  defect: 70,
  /** Ctrl-C: 128 + SIGINT. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** For docs/cli.md. */
export const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = {
  0: 'done',
  1: 'a task failed, was cancelled or expired, or did not end in time; not all could be pushed',
  2: 'used wrongly: an unknown option, a payload that its contract refuses, no command at all',
  3: 'Redis cannot be reached, or refuses',
  4: 'there is no such task or queue',
  70: 'a defect of goflow',
  130: 'Ctrl-C',
};

const BY_CODE: Readonly<Record<string, ExitCode>> = {
  BROKER_UNAVAILABLE: EXIT.unreachable,
  BROKER_REFUSED: EXIT.unreachable,
  REPLICAS_MISSING: EXIT.unreachable,
  RESULT_STORE_AWAY: EXIT.unreachable,
  TASK_UNKNOWN: EXIT.notFound,
  QUEUE_UNKNOWN: EXIT.notFound,
  TASK_FAILED: EXIT.failed,
  TASK_CANCELLED: EXIT.failed,
  TASK_EXPIRED: EXIT.failed,
  WAIT_TIMEOUT: EXIT.failed,
  PUSH_INCOMPLETE: EXIT.failed,
  WAIT_ABORTED: EXIT.interrupted,
  INTERNAL: EXIT.defect,
};

/** What an error ends the command with. Every other code of goflow's is about what was given; what is not goflow's, such as an error of the system, is a defect. */
export function exitCodeOf(error: unknown): ExitCode {
  if (isOfCommander(error))
    return (error as { exitCode?: unknown }).exitCode === 0 ? EXIT.done : EXIT.usage;
  return isGoflowError(error) ? (BY_CODE[error.code] ?? EXIT.usage) : EXIT.defect;
}

/** Commander has told it already. */
export function isOfCommander(error: unknown): boolean {
  return String((error as { code?: unknown } | null)?.code).startsWith('commander.');
}
