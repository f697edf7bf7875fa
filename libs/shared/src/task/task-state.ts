/** Every state that a task can be in. `docs/states.md` draws how one becomes another. */
export const TASK_STATES = Object.freeze([
  'waiting',
  'delayed',
  'active',
  'completed',
  'failed',
  'cancelled',
  'expired',
] as const);

/** One of {@link TASK_STATES}. */
export type TaskState = (typeof TASK_STATES)[number];

/** The states that never change again. */
export type FinalState = Extract<TaskState, 'completed' | 'failed' | 'cancelled' | 'expired'>;

/** The states in which a task has no outcome yet. */
export type OpenState = Exclude<TaskState, FinalState>;

/** True when a task in this state has its outcome. */
export function isFinal(state: TaskState): state is FinalState {
  return state !== 'waiting' && state !== 'delayed' && state !== 'active';
}
