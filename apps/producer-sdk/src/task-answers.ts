import {
  GoflowError as Failure,
  type GoflowError,
  type TaskFacts,
  TaskFailedError,
  type TaskId,
  type TaskRecord,
  type TaskResult,
  type TaskStatus,
  type Tasks,
} from '@goflow/shared';

/** Turns what the broker knows into what `getResult` answers. */
export function toResult(id: TaskId, record: TaskRecord | undefined, tasks: Tasks): TaskResult {
  if (!record || isOver(record, tasks)) return { status: 'unknown', id };
  const facts = factsOf(record);
  switch (record.state) {
    case 'completed':
      return { status: 'completed', value: record.result, ...facts };
    case 'failed':
      return { status: 'failed', failure: failureOf(record), ...facts };
    default:
      return { status: record.state, ...facts };
  }
}

/** Turns what the broker knows into what `status` answers. */
export function toStatus(id: TaskId, record: TaskRecord | undefined, tasks: Tasks): TaskStatus {
  if (!record || isOver(record, tasks)) return { status: 'unknown', id };
  const failure = record.failure === undefined ? {} : { failure: record.failure };
  return { status: record.state, ...failure, ...factsOf(record) };
}

/** The error that `wait` throws for a task that did not complete; `undefined` for one that did. */
export function toWaitError(record: TaskRecord): GoflowError | undefined {
  switch (record.state) {
    case 'failed':
      return new TaskFailedError(record.id, failureOf(record), record.attempts);
    case 'cancelled':
      return new Failure('TASK_CANCELLED', `task ${record.id} was cancelled`);
    case 'expired':
      return new Failure('TASK_EXPIRED', `task ${record.id} was not started in time`);
    default:
      return undefined;
  }
}

/** Retention is exact when read: the sweeper only frees memory, later. */
export function isOver({ finishedAt, state, type }: TaskRecord, tasks: Tasks): boolean {
  const retention = tasks.contracts.get(type)?.retention;
  if (finishedAt === undefined || !retention) return false;
  const keptMs = state === 'completed' ? retention.completedMs : retention.failedMs;
  return finishedAt + keptMs < Date.now();
}

function factsOf(record: TaskRecord): TaskFacts {
  return {
    id: record.id,
    type: record.type,
    attempts: record.attempts,
    pushedAt: new Date(record.pushedAt),
    ...(record.startedAt === undefined ? {} : { startedAt: new Date(record.startedAt) }),
    ...(record.finishedAt === undefined ? {} : { finishedAt: new Date(record.finishedAt) }),
  };
}

function failureOf(record: TaskRecord) {
  return record.failure ?? { name: 'Error', message: 'the task failed', code: 'HANDLER_FAILED' };
}
