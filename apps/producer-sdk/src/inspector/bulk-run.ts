import {
  type Clock,
  GoflowError,
  isGoflowError,
  type TaskDetail,
  type TaskFailure,
  type TaskId,
  toFailure,
} from '@goflow/shared';
import type { Question } from './filter.js';
import type { Pace } from './pace.js';
import { type TaskSource, walk } from './walk.js';

/** A task with which it could not be done, and why. */
export interface BulkFailure {
  readonly id: TaskId;
  readonly error: TaskFailure;
}

/** How far something that is done to many tasks has come. */
export interface BulkTally {
  /** Tasks that were looked at. */
  readonly examined: number;
  /** Tasks that it was done to. */
  readonly done: number;
  /** Tasks that are no dead letters any more, or have been only since it began. */
  readonly skipped: number;
  /** Tasks with which it could not be done. */
  readonly failedCount: number;
}

/** What something that was done to many tasks came to. */
export interface BulkReport extends BulkTally {
  /** The first 100 that it could not be done with. */
  readonly failed: readonly BulkFailure[];
  /** False when it ended early: at its limit, or by its signal. */
  readonly complete: boolean;
}

/** What is done, and how far. */
export interface BulkPlan {
  /** Answers whether it was done. What it throws is the task's failure, unless the broker is to blame. */
  readonly act: (task: TaskDetail) => Promise<boolean>;
  /** How many dead letters to take at most. */
  readonly limit: number;
  readonly pace?: Pace | undefined;
  /** How many tasks to read ahead. */
  readonly pageSize?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called at most once a second, and at the end. What it throws is passed over. */
  readonly onProgress?: ((tally: BulkTally) => unknown) | undefined;
}

const MAX_AT_ONCE = 32;
const MAX_FAILED = 100;
const SECOND_MS = 1_000;

/** Does one thing to all tasks that answer to a question. One is for one run. */
export class BulkRun {
  readonly #plan: BulkPlan;
  readonly #clock: Clock;
  readonly #begunAt: number;
  readonly #failed: BulkFailure[] = [];
  #examined = 0;
  #done = 0;
  #skipped = 0;
  #failedCount = 0;
  #toldIn: number;

  constructor(plan: BulkPlan, clock: Clock) {
    this.#plan = plan;
    this.#clock = clock;
    this.#begunAt = clock.now();
    this.#toldIn = this.#second;
  }

  /** @throws BROKER_UNAVAILABLE, BROKER_REFUSED: `error.details.progress` tells how far it has come */
  async over(source: TaskSource, question: Question): Promise<BulkReport> {
    const { pageSize, signal } = this.#plan;
    try {
      const { complete } = await walk(source, question, {
        pageSize,
        signal,
        visit: (page) => {
          this.#examined += page.lookedAt;
          return this.#visit(page.tasks);
        },
      });
      this.#tell();
      return { ...this.#tally, failed: this.#failed, complete };
    } catch (error) {
      throw withProgress(error, this.#tally);
    }
  }

  /** Answers whether to go on. */
  async #visit(found: readonly TaskDetail[]): Promise<boolean> {
    const tasks = found.filter((task) => this.#isOld(task));
    let next = 0;
    while (next < tasks.length) {
      const most = Math.min(tasks.length - next, MAX_AT_ONCE, this.#plan.limit - this.#taken);
      const count = most > 0 ? await this.#allow(most) : 0;
      if (count === 0) return false;
      await this.#actOn(tasks.slice(next, next + count));
      next += count;
      if (this.#second !== this.#toldIn) this.#tell();
    }
    return this.#taken < this.#plan.limit;
  }

  /** What failed again since it began is left alone: with a handler that always fails there would be no end. */
  #isOld({ finishedAt }: TaskDetail): boolean {
    const isOld = finishedAt === undefined || finishedAt <= this.#begunAt;
    if (!isOld) this.#skipped += 1;
    return isOld;
  }

  async #allow(most: number): Promise<number> {
    const { pace, signal } = this.#plan;
    if (pace) return pace.take(most, signal);
    return signal?.aborted ? 0 : most;
  }

  /** All are waited for, so that the tally is true when one ends the run. */
  async #actOn(tasks: readonly TaskDetail[]): Promise<void> {
    const ends = await Promise.allSettled(tasks.map((task) => this.#plan.act(task)));
    const blamed: unknown[] = [];
    for (const [index, end] of ends.entries()) {
      if (end.status === 'fulfilled') this.#count(end.value);
      else if (isOfBroker(end.reason)) blamed.push(end.reason);
      else this.#fail(tasks[index], end.reason);
    }
    if (blamed.length > 0) throw blamed[0];
  }

  #count(isDone: boolean): void {
    if (isDone) this.#done += 1;
    else this.#skipped += 1;
  }

  #fail(task: TaskDetail | undefined, error: unknown): void {
    this.#failedCount += 1;
    if (task && this.#failed.length < MAX_FAILED)
      this.#failed.push({ id: task.id, error: toFailure(error) });
  }

  get #tally(): BulkTally {
    return {
      examined: this.#examined,
      done: this.#done,
      skipped: this.#skipped,
      failedCount: this.#failedCount,
    };
  }

  get #taken(): number {
    return this.#done + this.#failedCount;
  }

  get #second(): number {
    return Math.floor(this.#clock.now() / SECOND_MS);
  }

  #tell(): void {
    const { onProgress } = this.#plan;
    this.#toldIn = this.#second;
    // In an async function, so that what it throws and what it rejects with end in one place.
    (async () => onProgress?.(this.#tally))().catch(() => undefined);
  }
}

/** With these, the next task would fare no better. */
function isOfBroker(error: unknown): error is GoflowError {
  return (
    isGoflowError(error, 'BROKER_UNAVAILABLE') ||
    isGoflowError(error, 'BROKER_REFUSED') ||
    isGoflowError(error, 'CLIENT_CLOSED')
  );
}

function withProgress(error: unknown, progress: BulkTally): unknown {
  if (!isOfBroker(error)) return error;
  const given = typeof error.details === 'object' ? error.details : {};
  const message = `${error.message} (${progress.done} of ${progress.examined} tasks were done)`;
  return new GoflowError(error.code, message, { cause: error, details: { ...given, progress } });
}
