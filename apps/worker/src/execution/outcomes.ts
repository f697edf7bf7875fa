import {
  backoffDelayMs,
  type Clock,
  DEFAULT_BACKOFF,
  type ErrorCode,
  GoflowError,
  isGoflowError,
  type Logger,
  type RetryLaterError,
  type TakenTask,
  type TaskContract,
  type TaskFailure,
  toFailure,
  toMs,
  type UnhappyOutcome,
  type Verdict,
} from '@goflow/shared';
import type { AttemptTraces } from './attempt-traces.js';
import { loggedFailure, taskFields } from './task-fields.js';

/** The end of a task, without a result. */
type FinalOutcome = Exclude<UnhappyOutcome, { readonly kind: 'retry' }>;

/** A payload or a result that breaks the contract: the next attempt would break it again, so there is none. */
export class ContractBreach extends Error {}

/** Throws what a stage of goflow's own threw, as a breach. */
export function breach(cause: unknown): never {
  throw new ContractBreach('a stage of goflow refused', { cause });
}

/** The attempt that an outcome is about. */
export interface Attempt {
  readonly task: TakenTask;
  readonly contract: TaskContract;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly traces?: AttemptTraces | undefined;
}

/** What an attempt comes to that threw. Codes decide, not classes: a handler may have another copy of goflow. */
export function outcomeOf(thrown: unknown, attempt: Attempt): Verdict {
  if (isBreach(thrown)) return { kind: 'failed', failure: toFailure(thrown.cause, 'INTERNAL') };
  const { task, contract, clock } = attempt;
  const later = retryLaterIn(thrown);
  if (later?.counted === false)
    return { kind: 'handed-back', reason: 'snoozed', delayMs: later.delayMs };
  const failure = toFailure(thrown);
  const maxAttempts = task.maxAttempts ?? contract.maxAttempts;
  const isLast = task.attempt >= maxAttempts;
  if (isLast || isGoflowError(thrown, 'NON_RETRYABLE')) return { kind: 'failed', failure };
  const delayMs = later?.delayMs ?? backoffMs(failure, attempt);
  const { deadline } = task;
  if (deadline !== undefined && clock.now() + delayMs >= deadline)
    return deadlineOver(task, failure);
  return { kind: 'retry', failure, delayMs };
}

/** The end of a task whose time is over before this attempt begins, or while it runs; `undefined` while there is time. */
export function timeOver(task: TakenTask, now: number): FinalOutcome | undefined {
  const { startBy, deadline, attempt, wasBegun } = task;
  if (deadline !== undefined && now >= deadline) return deadlineOver(task);
  const wasStarted = attempt > 1 || wasBegun;
  if (startBy === undefined || now < startBy || wasStarted) return undefined;
  const message = `the task was not started by ${new Date(startBy).toISOString()}`;
  return { kind: 'expired', failure: toFailure(new GoflowError('TASK_EXPIRED', message)) };
}

/** The last attempt's failure is the cause: the deadline is why there is no other. */
function deadlineOver({ deadline }: TakenTask, cause?: TaskFailure): FinalOutcome {
  const message = `the task did not complete by ${new Date(deadline ?? 0).toISOString()}`;
  const failure = toFailure(new GoflowError('TASK_DEADLINE', message));
  return { kind: 'failed', failure: cause === undefined ? failure : { ...failure, cause } };
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
export function failedFor(code: ErrorCode, message: string): FinalOutcome {
  return { kind: 'failed', failure: toFailure(new GoflowError(code, message)) };
}

/** What a handler asked for; `undefined` where the error was made by its code alone, and not by its class. */
function retryLaterIn(thrown: unknown): RetryLaterError | undefined {
  if (!isGoflowError(thrown, 'RETRY_LATER')) return undefined;
  const later = thrown as RetryLaterError;
  return typeof later.delayMs === 'number' ? later : undefined;
}

function backoffMs(failure: TaskFailure, { task, contract, logger, traces }: Attempt): number {
  const backoff = task.backoff ?? contract.backoff;
  if (typeof backoff !== 'function') return backoffDelayMs(backoff, task.attempt, Math.random());
  try {
    return toMs('backoff', backoff(task.attempt, failure));
  } catch (error) {
    const why = loggedFailure(toFailure(error));
    const fields = { ...taskFields(task, traces), failure: why };
    logger.error(fields, 'the backoff function gave no wait');
    return backoffDelayMs(DEFAULT_BACKOFF, task.attempt, Math.random());
  }
}
