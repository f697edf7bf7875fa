import { ERRORS } from '../errors/error-table.js';
import { isGoflowError } from '../errors/goflow-error.js';
import type { HandBackReason } from '../task/task-outcome.js';
import type { FAILURE_REASONS, PUSH_OUTCOMES } from './metric-catalogue.js';

/** Why an attempt did not complete. */
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** What became of a push. */
export type PushOutcome = (typeof PUSH_OUTCOMES)[number];

const HAND_BACKS: Readonly<Record<HandBackReason, true>> = {
  stopping: true,
  paused: true,
  'handler-missing': true,
  snoozed: true,
  'store-away': true,
  'key-missing': true,
  'envelope-newer': true,
};

/** Why a task is handed back: the values of the label `reason` of `goflow_tasks_handed_back_total`. */
export const HAND_BACK_REASONS = Object.freeze(Object.keys(HAND_BACKS));

/**
 * What attempts of any type may come to. They are counted from zero: `rate()` does not see the first of a series that was not there. What is not among
 * them is seen from its second time on; a task that failed of it is a dead letter at once.
 */
export const EXPECTED_FAILURES: readonly (readonly [
  outcome: 'retry' | 'failed',
  reason: FailureReason,
])[] = [
  ['retry', 'handler-error'],
  ['retry', 'timeout'],
  ['retry', 'retry-later'],
  ['failed', 'handler-error'],
  ['failed', 'non-retryable'],
  ['failed', 'timeout'],
  ['failed', 'payload-invalid'],
  ['failed', 'poison'],
];

const REASONS: ReadonlyMap<string, FailureReason> = new Map([
  ['HANDLER_FAILED', 'handler-error'],
  ['NON_RETRYABLE', 'non-retryable'],
  ['RETRY_LATER', 'retry-later'],
  ['TASK_TIMEOUT', 'timeout'],
  ['TASK_DEADLINE', 'deadline'],
  ['TASK_EXPIRED', 'expired'],
  ['TASK_CANCELLED', 'cancelled'],
  ['PAYLOAD_INVALID', 'payload-invalid'],
  ['RESULT_INVALID', 'result-invalid'],
  ['RESULT_NOT_SERIALIZABLE', 'result-invalid'],
  ['RESULT_TOO_LARGE', 'result-invalid'],
  ['HANDLER_MISSING', 'unroutable'],
  ['ENVELOPE_UNREADABLE', 'unreadable'],
  ['TASK_STALLED', 'stalled'],
  ['TASK_POISON', 'poison'],
]);

/** The reason for a failure's code. A code that is none of goflow's is of what a handler threw; one of goflow's that is not expected is `other`. */
export function reasonOf(code: string): FailureReason {
  return REASONS.get(code) ?? (Object.hasOwn(ERRORS, code) ? 'other' : 'handler-error');
}

const REFUSALS: ReadonlyMap<string, PushOutcome> = new Map([
  ['QUEUE_FULL', 'full'],
  ['CLIENT_OVERLOADED', 'full'],
  ['TASK_TYPE_UNHANDLED', 'unhandled'],
  ['BROKER_UNAVAILABLE', 'unavailable'],
  ['BROKER_REFUSED', 'unavailable'],
  ['REPLICAS_MISSING', 'unavailable'],
]);

/** What a push came to that failed: what would fail again is `invalid`. */
export function refusalOf(error: unknown): PushOutcome {
  if (!isGoflowError(error)) return 'other';
  const { code } = error;
  const isInvalid = Object.hasOwn(ERRORS, code) && [400, 404, 409, 413].includes(ERRORS[code].http);
  return REFUSALS.get(code) ?? (isInvalid && code !== 'CLIENT_CLOSED' ? 'invalid' : 'other');
}
