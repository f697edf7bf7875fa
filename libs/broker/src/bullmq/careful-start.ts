import {
  cancelledFailure,
  GoflowError,
  type HandBack,
  toFailure,
  type Verdict,
} from '@goflow/shared';
import type { Begun } from './begun.js';
import type { Cancellations } from './cancellations.js';
import type { Suspects } from './suspects.js';
import type { TakenJob } from './taken-job.js';
import type { Takeovers } from './takeovers.js';

/** What starting a task carefully needs. */
export interface CarefulStartOptions {
  readonly cancellations: Cancellations;
  readonly begun: Begun;
  readonly suspects: Suspects;
  readonly takeovers: Takeovers;
  readonly worker: string;
  readonly run: (task: TakenJob) => Promise<Verdict>;
  readonly report: (error: unknown) => void;
}

/**
 * Starts a task that was started before, or about which there is news: 1. it may have been cancelled meanwhile, 2. it may be what took
 * its workers down, 3. it may have to be begun in time. Most tasks never come this way.
 */
export class CarefulStart {
  readonly #options: CarefulStartOptions;

  constructor(options: CarefulStartOptions) {
    this.#options = options;
  }

  /** True for a task that must not simply be run. */
  isNeeded(task: TakenJob, unique: string): boolean {
    return this.#options.begun.isNeeded(task) || this.#isNews(task, unique);
  }

  async run(task: TakenJob, unique: string): Promise<Verdict> {
    const { begun, cancellations, run, report } = this.#options;
    try {
      if (begun.isNeeded(task)) await begun.mark(task, unique);
      if (!this.#isNews(task, unique)) return task.isAborted ? NOT_BEGUN : run(task);
      const reason = await cancellations.find(task.queue, unique);
      if (reason !== undefined) {
        cancellations.forget(task.queue, unique);
        return { kind: 'cancelled', failure: cancelledFailure(reason), isUnspent: true };
      }
      if (task.stalls > 0) return await this.#runSuspect(task, unique);
    } catch (error) {
      // Without Redis nothing is known of it; the attempt itself must not suffer.
      report(error);
    }
    // Cancelled, or handed back, while this was asked.
    return task.isAborted ? NOT_BEGUN : run(task);
  }

  #isNews(task: TakenJob, unique: string): boolean {
    // A chunk was looked into when it was taken.
    const isAgain = task.isOfChunk ? task.stalls > 0 : task.starts > 1;
    return isAgain || this.#options.cancellations.isEarly(task.queue, unique);
  }

  async #runSuspect(task: TakenJob, unique: string): Promise<Verdict> {
    const { suspects, takeovers, worker, run, report } = this.#options;
    const turn = await suspects.enter(unique, worker, () => task.isAborted);
    // The worker left, or lost its lease, while this one waited for its turn.
    if (turn === 'gone') return NOT_BEGUN;
    const acquit = (): void => void suspects.acquit(unique).catch(report);
    if (turn === 'poison') {
      acquit();
      return poison(task);
    }
    // A worker that leaves does not wait for a handler that heeds no signal: the mark must not outlive it as if the process had died.
    const onAbort = (): void => {
      if (task.isBrokenOff) acquit();
    };
    task.signal.addEventListener('abort', onAbort, { once: true });
    try {
      task.isTakenOver = await takeovers.isNews(task, unique);
      return task.isAborted ? NOT_BEGUN : await run(task);
    } finally {
      task.signal.removeEventListener('abort', onAbort);
      turn();
      acquit();
    }
  }
}

const NOT_BEGUN: HandBack = { kind: 'handed-back', reason: 'stopping', delayMs: 0 };

function poison({ id }: TakenJob): Verdict {
  const message = `the task ${id} took its worker process down twice`;
  const failure = toFailure(new GoflowError('TASK_POISON', message));
  return { kind: 'failed', failure, isUnspent: true };
}
