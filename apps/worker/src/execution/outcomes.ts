import {
  backoffDelayMs,
  type ErrorCode,
  GoflowError,
  isGoflowError,
  type RetryLaterError,
  type TakenTask,
  type TaskContract,
  type TaskOutcome,
  toFailure,
} from '@goflow/shared';

/** A payload or a result that breaks the contract: the next attempt would break it again, so there is none. */
export class ContractBreach extends Error {}

/** Throws what a stage of goflow's own threw, as a breach. */
export function breach(cause: unknown): never {
  throw new ContractBreach('a stage of goflow refused', { cause });
}

/** What an attempt comes to that threw. Codes decide, not classes: a handler may have another copy of goflow. */
export function outcomeOf(thrown: unknown, task: TakenTask, contract: TaskContract): TaskOutcome {
  if (isBreach(thrown)) return { kind: 'failed', failure: toFailure(thrown.cause, 'INTERNAL') };
  const failure = toFailure(thrown);
  const maxAttempts = task.maxAttempts ?? contract.maxAttempts;
  const isLast = task.attempt >= maxAttempts;
  if (isLast || isGoflowError(thrown, 'NON_RETRYABLE')) return { kind: 'failed', failure };
  return { kind: 'retry', failure, delayMs: retryDelayMs(thrown, task, contract) };
}

function isBreach(thrown: unknown): thrown is ContractBreach {
  try {
    return thrown instanceof ContractBreach;
  } catch {
    // A proxy whose traps throw.
    return false;
  }
}

/** A failure of goflow's own finding. */
export function failedFor(code: ErrorCode, message: string): TaskOutcome {
  return { kind: 'failed', failure: toFailure(new GoflowError(code, message)) };
}

const FIRST_HAND_BACK_MS = 1_000;
const MAX_HAND_BACK_MS = 30_000;

/** How long a task that nobody here can run stays away: 1 s, 2 s, 4 s … 30 s. */
export function handBackDelayMs(starts: number): number {
  return Math.min(FIRST_HAND_BACK_MS * 2 ** Math.min(starts - 1, 10), MAX_HAND_BACK_MS);
}

function retryDelayMs(thrown: unknown, task: TakenTask, contract: TaskContract): number {
  if (isGoflowError(thrown, 'RETRY_LATER')) {
    // Not there when the error was made by its code and not by its class.
    const { delayMs } = thrown as Partial<RetryLaterError>;
    if (delayMs !== undefined) return delayMs;
  }
  return backoffDelayMs(task.backoff ?? contract.backoff, task.attempt, Math.random());
}
