import { type ConcurrencyRule, ruleFor, type WorkerLabels } from '@goflow/shared';
import type { ResolvedConcurrencyBounds } from './concurrency-options.js';

/** How many tasks run at once in one queue, and why. */
export interface ConcurrencyState {
  /** As the worker was started. */
  readonly configured: number;
  /** What is wanted: as a rule of the fleet says, else `configured`. */
  readonly desired: number;
  /** What was set on this worker itself: it holds until it is reset. */
  readonly override?: number | undefined;
  /** The override, else what is desired, within the worker's bounds. */
  readonly actual: number;
}

/** What {@link Concurrencies} are made with. */
export interface ConcurrenciesOptions {
  readonly configuredOf: (queue: string) => number;
  readonly labels: WorkerLabels;
  readonly bounds: ResolvedConcurrencyBounds;
}

/** A queue whose state is not what it was. */
export interface ConcurrencyChange {
  readonly queue: string;
  readonly before: ConcurrencyState;
  readonly now: ConcurrencyState;
}

/** How many tasks a worker runs at once, by queue: what was said by its start, by the fleet and on itself, and what comes of it. */
export class Concurrencies {
  readonly #options: ConcurrenciesOptions;
  /** By queue, with what was set on the worker itself. */
  readonly #queues = new Map<string, number | undefined>();
  #rules: readonly ConcurrencyRule[] = [];
  /** What was set for all queues, those that come later among them. */
  #ofAll: number | undefined;

  constructor(options: ConcurrenciesOptions) {
    this.#options = options;
  }

  /** One queue more. Gives how many tasks it begins with. */
  open(queue: string): number {
    this.#queues.set(queue, this.#ofAll);
    return this.#stateOf(queue).actual;
  }

  get states(): Record<string, ConcurrencyState> {
    return Object.fromEntries(
      [...this.#queues.keys()].map((queue) => [queue, this.#stateOf(queue)]),
    );
  }

  /** Takes the rules of the fleet, all of them. Gives the queues that are to change. */
  follow(rules: readonly ConcurrencyRule[]): readonly ConcurrencyChange[] {
    return this.#changed([...this.#queues.keys()], () => {
      this.#rules = rules;
    });
  }

  /**
   * Sets a queue, or all and those that come later, to what holds until it is reset: `undefined` resets it. Gives all these queues, as they were
   * and are.
   */
  override(concurrency: number | undefined, queue?: string): readonly ConcurrencyChange[] {
    const chosen = queue === undefined ? [...this.#queues.keys()] : [queue];
    return this.#changed(chosen, () => {
      if (queue === undefined) this.#ofAll = concurrency;
      for (const one of chosen) this.#queues.set(one, concurrency);
    });
  }

  #changed(queues: readonly string[], change: () => void): readonly ConcurrencyChange[] {
    const before = this.states;
    change();
    return queues.flatMap((queue) => {
      const was = before[queue];
      return was ? [{ queue, before: was, now: this.#stateOf(queue) }] : [];
    });
  }

  #stateOf(queue: string): ConcurrencyState {
    const { configuredOf, labels, bounds } = this.#options;
    const configured = configuredOf(queue);
    const desired = ruleFor(this.#rules, queue, labels)?.concurrency ?? configured;
    const override = this.#queues.get(queue);
    const actual = Math.min(Math.max(override ?? desired, bounds.min), bounds.max);
    return { configured, desired, actual, ...(override !== undefined && { override }) };
  }
}
