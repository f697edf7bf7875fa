import { cancelledError, cancelledFailure, type Verdict } from '@goflow/shared';
import type { TakenJob } from './taken-job.js';

/** One attempt, and who is to hear what it came to. */
export interface Attempt {
  readonly task: TakenJob;
  /** Runs it. */
  readonly run: () => Promise<Verdict>;
  /** Called once: by the attempt itself, or when it is ended from outside. */
  readonly ended: (verdict: Verdict) => void;
}

interface Running {
  readonly task: TakenJob;
  readonly end: (verdict: Verdict) => void;
}

/** What runs in the slots of one queue, by BullMQ's ids. The first verdict on an attempt counts, from wherever it comes. */
export class RunningTasks {
  readonly #running = new Map<string, Running>();
  /** Slots that are taken, though no task may run in them right now. */
  readonly #held = new Set<string>();
  /** Those that run in a slot that a chunk holds. */
  #ofChunks = 0;
  #onIdle: (() => void) | undefined;

  get size(): number {
    return this.#running.size;
  }

  /** One for each that runs. */
  get types(): readonly string[] {
    return [...this.#running.values()].map(({ task }) => task.type);
  }

  /** Slots in use: a chunk has one, also between two of its tasks. */
  get slots(): number {
    return this.#held.size + this.#running.size - this.#ofChunks;
  }

  get uniques(): IterableIterator<string> {
    return this.#running.keys();
  }

  /** True for what runs here, or holds a slot. */
  has(unique: string): boolean {
    return this.#running.has(unique) || this.#held.has(unique);
  }

  begin(unique: string, { task, run, ended }: Attempt): void {
    const end = (verdict: Verdict): void => {
      if (this.#running.get(unique)?.task !== task) return;
      this.#running.delete(unique);
      if (task.isOfChunk) this.#ofChunks -= 1;
      task.runMs = performance.now() - task.takenAt;
      task.verdict = verdict;
      this.#look();
      ended(verdict);
    };
    this.#running.set(unique, { task, end });
    if (task.isOfChunk) this.#ofChunks += 1;
    void run().then((verdict) => end(task.isBrokenOff ? asLeaving(verdict) : verdict));
  }

  /** Takes a slot for a chunk, whose tasks run in it one after another. */
  hold(chunk: string): void {
    this.#held.add(chunk);
  }

  release(chunk: string): void {
    this.#held.delete(chunk);
    this.#look();
  }

  /** The slot is free at once, though the handler may go on: what it still returns or throws is dropped. */
  cancel(unique: string, reason: string): boolean {
    const running = this.#running.get(unique);
    if (!running) return false;
    running.task.abort(cancelledError(reason));
    running.end({ kind: 'cancelled', failure: cancelledFailure(reason) });
    return true;
  }

  /** Aborts all attempts because the worker leaves. */
  breakOff(reason: unknown): void {
    for (const { task } of this.#running.values()) task.breakOff(reason);
  }

  /** Hands back what still runs. */
  handBack(): void {
    for (const { end } of this.#running.values())
      end({ kind: 'handed-back', reason: 'stopping', delayMs: 0 });
  }

  /** Resolves when nothing runs, at the latest after `ms`. */
  async idle(ms: number): Promise<void> {
    if (this.#isIdle) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
      this.#onIdle = resolve;
    });
    clearTimeout(timer);
    this.#onIdle = undefined;
  }

  get #isIdle(): boolean {
    return this.#running.size === 0 && this.#held.size === 0;
  }

  #look(): void {
    if (this.#onIdle && this.#isIdle) this.#onIdle();
  }
}

/** An attempt that ended because the worker broke it off is none: the task goes back as it was. */
function asLeaving(verdict: Verdict): Verdict {
  if (verdict.kind === 'completed') return verdict;
  return { kind: 'handed-back', reason: 'stopping', delayMs: 0 };
}
