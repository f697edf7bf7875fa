import type { TaskAttempt, TaskFailure } from '@goflow/shared';
import type { StoredAttempt, StoredTask } from './stored-task.js';

/** Of very many attempts only the last are kept. */
const MAX_HISTORY = 50;
/** The whole message of the last failure stands with the task. */
const MAX_MESSAGE = 500;

/** Writes down that the running attempt of a task has ended, before anything else of the task changes. */
export function endAttempt(
  task: StoredTask,
  outcome: StoredAttempt['outcome'],
  ended: { readonly at: number; readonly failure?: TaskFailure },
): void {
  task.attempts += 1;
  task.history ??= [];
  task.history.push({
    attempt: task.attempts,
    startedAt: task.startedAt ?? ended.at,
    endedAt: ended.at,
    worker: task.worker,
    outcome,
    failure: ended.failure && brief(ended.failure),
  });
  if (task.history.length > MAX_HISTORY) task.history.shift();
}

/** The attempts of a task for one reader, the one that runs among them. */
export function historyOf(task: StoredTask): readonly TaskAttempt[] {
  const ended = (task.history ?? []).map(toAttempt);
  // Of a chunk that is taken, all tasks are active, and one of them runs.
  const isRunning = task.endRun !== undefined;
  return isRunning ? [...ended, runningAttempt(task)].slice(-MAX_HISTORY) : ended;
}

function runningAttempt({ attempts, startedAt = 0, worker }: StoredTask): TaskAttempt {
  return { attempt: attempts + 1, startedAt: new Date(startedAt), worker, outcome: 'active' };
}

function toAttempt({ startedAt, endedAt, failure, ...rest }: StoredAttempt): TaskAttempt {
  return {
    ...rest,
    startedAt: new Date(startedAt),
    endedAt: new Date(endedAt),
    ...(failure ? { failure: { ...failure } } : {}),
  };
}

function brief({ name, message, code }: TaskFailure) {
  return { name, message: message.slice(0, MAX_MESSAGE), code };
}
