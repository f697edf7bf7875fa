import type { ChunkEnvelope, OpenState } from '@goflow/shared';
import type { StoredTask } from './stored-task.js';

/**
 * Tasks that are taken together, and run one after another in one slot. It only holds those that are still to be run, the running one
 * among them: a task that ends, or that is to be tried again, leaves it and is from then on a task like any other.
 */
export interface StoredChunk {
  readonly queue: string;
  /** In the order of their index. They are all in the chunk's state. */
  readonly tasks: Set<StoredTask>;
  readonly envelope: Pick<ChunkEnvelope, 'priority'>;
  state: OpenState;
  /** As that of a task. */
  place: number;
  /** As that of a task. */
  dueAt: number;
}

/** What stands in a line, or is delayed: a task by itself, or a chunk. */
export type Entry = StoredTask | StoredChunk;

/** A new chunk, which the tasks belong to from now on. */
export function newStoredChunk(
  tasks: Iterable<StoredTask>,
  { queue, envelope }: Pick<StoredChunk, 'queue' | 'envelope'>,
): StoredChunk {
  const chunk: StoredChunk = {
    tasks: new Set(tasks),
    queue,
    envelope,
    state: 'waiting',
    place: 0,
    dueAt: 0,
  };
  for (const task of chunk.tasks) task.chunk = chunk;
  return chunk;
}

/** Moves all tasks of a chunk to a new one, which stands nowhere yet: whoever runs the old one finds nothing more in it. */
export function restOf(chunk: StoredChunk): StoredChunk {
  const rest = newStoredChunk(chunk.tasks, chunk);
  chunk.tasks.clear();
  return rest;
}

/** Takes a task out of its chunk, and gives that, where it is in one. */
export function leaveChunk(task: StoredTask): StoredChunk | undefined {
  const { chunk } = task;
  chunk?.tasks.delete(task);
  task.chunk = undefined;
  return chunk;
}

/** True for a {@link StoredChunk}. */
export const isChunk = (entry: Entry): entry is StoredChunk => 'tasks' in entry;

/** The tasks that an entry stands for. */
export const tasksOf = (entry: Entry): Iterable<StoredTask> =>
  isChunk(entry) ? entry.tasks : [entry];
