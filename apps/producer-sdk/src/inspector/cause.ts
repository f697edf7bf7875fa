import {
  type DeadLetterReason,
  deadLetterReason,
  fingerprintOf,
  type TaskDetail,
  type TaskFailure,
} from '@goflow/shared';

/** Why a task is a dead letter. */
export interface Cause {
  readonly reason: DeadLetterReason;
  readonly fingerprint: string;
  readonly failure: TaskFailure;
}

const FAILED: TaskFailure = { name: 'Error', message: 'the task failed', code: 'HANDLER_FAILED' };
const EXPIRED: TaskFailure = {
  name: 'Error',
  message: 'the task was not started in time',
  code: 'TASK_EXPIRED',
};

/** Why a task is a dead letter; `undefined` for one that is none. */
export function causeOf({ state, type, failure }: TaskDetail): Cause | undefined {
  if (state !== 'failed' && state !== 'expired') return undefined;
  const known = failure ?? (state === 'expired' ? EXPIRED : FAILED);
  return {
    reason: deadLetterReason(state, known),
    fingerprint: fingerprintOf(type, known),
    failure: known,
  };
}
