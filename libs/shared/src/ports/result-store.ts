import type { TaskId } from '../task/task-id.js';

/**
 * Where results are kept when not with their task. It is written before the task completes, so that a crash repeats work but loses no
 * result. What it throws is tried again; it never loses a task.
 */
export interface ResultStore {
  /** Keeps a result, JSON, for `ttlMs` milliseconds at least. Keeping it a second time replaces the first. */
  put(id: TaskId, resultJson: string, ttlMs: number): Promise<void>;
  /** The results of tasks, in the order of the ids; `undefined` where there is none, or its time is over. */
  get(ids: readonly TaskId[]): Promise<readonly (string | undefined)[]>;
  /** Frees what is past its time, where that does not happen by itself. Called once a minute by workers. */
  sweep?(): Promise<void>;
  /** Closes what the store itself opened. Called by its owner, never by goflow. */
  close?(): Promise<void>;
}
