import type { ResolvedDeduplication, TaskEnvelope, TaskId } from '@goflow/shared';
import { SortedList } from './sorted-list.js';
import type { StoredTask } from './stored-task.js';
import type { Sweepable } from './sweeper.js';

/** A key that stands for a task. */
interface Standing {
  readonly name: string;
  readonly id: TaskId;
  readonly mode: ResolvedDeduplication['mode'];
  /** The end of its window; `unique` has none. Milliseconds since 1970. */
  readonly until: number;
  readonly sequence: number;
}

/** A push that may be the same as another. */
export type WithKey = TaskEnvelope & { readonly deduplication: ResolvedDeduplication };

/** True for a {@link WithKey}. */
export const hasKey = (envelope: TaskEnvelope): envelope is WithKey =>
  envelope.deduplication !== undefined;

/** Knows which task stands for a key: the one that claimed it last, until it has its outcome or its window is over. */
export class Deduplication implements Sweepable {
  readonly #standing = new Map<string, Standing>();
  readonly #windows = new SortedList<Standing>(
    (a, b) => a.until - b.until || a.sequence - b.sequence,
  );

  get nextEnd(): number | undefined {
    return this.#windows.first?.until;
  }

  /** The task that stands for the key of a push now. */
  find(envelope: WithKey, now: number): TaskId | undefined {
    const standing = this.#standing.get(nameOf(envelope));
    if (!standing || standing.until > now) return standing?.id;
    this.#remove(standing);
    return undefined;
  }

  /** From now on this task stands for its key. */
  claim({ id, sequence, envelope }: StoredTask, now: number): void {
    if (!hasKey(envelope)) return;
    const { mode, windowMs } = envelope.deduplication;
    const name = nameOf(envelope);
    const before = this.#standing.get(name);
    if (before) this.#remove(before);
    const until = mode === 'unique' ? Number.POSITIVE_INFINITY : now + windowMs;
    const standing = { name, id, mode, until, sequence };
    this.#standing.set(name, standing);
    if (mode !== 'unique') this.#windows.add(standing);
  }

  /** A task has its outcome; a throttle goes on. */
  release(task: StoredTask): void {
    const standing = this.#of(task);
    if (standing && standing.mode !== 'throttle') this.#remove(standing);
  }

  /** A task was removed, and all that belongs to it. */
  forget(task: StoredTask): void {
    const standing = this.#of(task);
    if (standing) this.#remove(standing);
  }

  sweep(now: number, limit: number): boolean {
    for (let removed = 0; removed < limit; removed += 1) {
      const standing = this.#windows.first;
      if (!standing || standing.until > now) return false;
      this.#remove(standing);
    }
    return true;
  }

  #of({ id, envelope }: StoredTask): Standing | undefined {
    const standing = hasKey(envelope) ? this.#standing.get(nameOf(envelope)) : undefined;
    return standing?.id === id ? standing : undefined;
  }

  #remove(standing: Standing): void {
    this.#standing.delete(standing.name);
    this.#windows.delete(standing);
  }
}

/** Types do not get in each other's way, nor do queues; neither has a colon in its name. */
function nameOf({ queue, type, deduplication }: WithKey): string {
  return `${queue}:${type}:${deduplication.key}`;
}
