import type { Goflow } from '@goflow/sdk';
import { GoflowError, isFinal, type TaskDefinitions, type TaskId } from '@goflow/shared';
import type { Tracker } from './tracker.js';

type Outcome<T> = Awaited<ReturnType<Tracker<T>['done']>>;

/** Makes trackers, and knows who waits. */
export class Trackers {
  readonly #goflow: Goflow<TaskDefinitions>;
  readonly #waiting = new Map<Promise<unknown>, TaskId>();

  constructor(goflow: Goflow<TaskDefinitions>) {
    this.#goflow = goflow;
  }

  track<T>(id: TaskId): Tracker<T> {
    return {
      id: id as Tracker<T>['id'],
      status: () => this.#goflow.status(id) as ReturnType<Tracker<T>['status']>,
      done: () => this.#remembered(id, this.#outcome<T>(id)),
    };
  }

  /** Resolves when all know who wait for a function that has ended: it is late to tell them once the client is closed. */
  async told(): Promise<void> {
    for (const [outcome, id] of this.#waiting) {
      const { status } = await this.#goflow.status(id);
      if (status === 'unknown' || isFinal(status)) await outcome.catch(() => undefined);
    }
  }

  async #outcome<T>(id: TaskId): Promise<Outcome<T>> {
    for await (const change of this.#goflow.watch(id))
      if (change.kind === 'outcome') return change.result as Outcome<T>;
    throw new GoflowError('CLIENT_CLOSED', 'the client is closed');
  }

  #remembered<T>(id: TaskId, outcome: Promise<T>): Promise<T> {
    this.#waiting.set(outcome, id);
    const forget = (): void => void this.#waiting.delete(outcome);
    outcome.then(forget, forget);
    return outcome;
  }
}
