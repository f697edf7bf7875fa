import type {
  AuditRecord,
  ConcurrencyRule,
  ConsumerBroker,
  Emitter,
  WorkerEvents,
} from '@goflow/shared';
import type { ResolvedWorkerOptions } from '../options.js';
import { Concurrencies, type ConcurrencyChange, type ConcurrencyState } from './concurrencies.js';

/** What {@link LiveConcurrency} is made with. */
export interface LiveConcurrencyDeps {
  readonly options: ResolvedWorkerOptions;
  readonly broker: ConsumerBroker;
  readonly events: Emitter<WorkerEvents>;
  /** Lets a queue run so many tasks at once. */
  readonly apply: (queue: string, concurrency: number) => Promise<void>;
}

/** Which queue is set, all by default, and by whom: the audit trail says it. */
export interface OverrideOptions {
  readonly queue?: string | undefined;
  /** @default the worker itself */
  readonly by?: string | undefined;
}

type Reason = WorkerEvents['worker:concurrency'][0]['reason'];

const MAX_BY = 200;

/** Keeps the concurrency of a worker to what is wanted of it while it runs, and tells the others. */
export class LiveConcurrency {
  readonly #deps: LiveConcurrencyDeps;
  readonly #queues: Concurrencies;
  #isLeaving = false;

  constructor(deps: LiveConcurrencyDeps) {
    this.#deps = deps;
    const { concurrencyOf: configuredOf, labels, concurrencyBounds: bounds } = deps.options;
    this.#queues = new Concurrencies({ configuredOf, labels, bounds });
  }

  get states(): Record<string, ConcurrencyState> {
    return this.#queues.states;
  }

  /** One queue more. Gives how many tasks it begins with. */
  open(queue: string): number {
    return this.#queues.open(queue);
  }

  /** Follows the rules of the fleet from now on. */
  start(): void {
    this.#deps.broker.watchRules?.((rules) => this.#follow(rules));
  }

  /** What is wanted is of no interest any more. */
  leave(): void {
    this.#isLeaving = true;
  }

  /** Sets it on this worker alone, until it is reset. */
  async set(concurrency: number, options: OverrideOptions): Promise<void> {
    const changes = this.#queues.override(concurrency, options.queue);
    this.#record('worker.override', changes, options);
    await this.#apply(changes, 'override');
  }

  /** Takes back what was set on this worker alone. */
  async reset(options: OverrideOptions): Promise<void> {
    const overridden = this.#queues
      .override(undefined, options.queue)
      .filter(({ before }) => before.override !== undefined);
    this.#record('worker.reset', overridden, options);
    await this.#apply(overridden, 'reset');
  }

  #follow(rules: readonly ConcurrencyRule[]): void {
    const changes = this.#queues.follow(rules);
    if (this.#isLeaving) return;
    const moved = changes.filter(({ before, now }) => before.actual !== now.actual);
    void this.#apply(moved, 'rule').catch((error: unknown) =>
      this.#deps.events.emit('broker:trouble', { error: error as Error, repeated: 0 }),
    );
    const isTold = changes.some(({ before, now }) => before.desired !== now.desired);
    if (isTold) this.#deps.broker.advertiseNow?.();
  }

  async #apply(changes: readonly ConcurrencyChange[], reason: Reason): Promise<void> {
    const { apply, events, broker } = this.#deps;
    const applied = changes.map(({ queue, now }) => apply(queue, now.actual));
    if (reason !== 'rule') broker.advertiseNow?.();
    await Promise.all(applied);
    for (const { queue, now } of changes)
      events.emit('worker:concurrency', { queue, concurrency: now.actual, reason });
  }

  /** Not waited for, and not tried again: while Redis is away the worker is to be steered all the same. */
  #record(
    action: AuditRecord['action'],
    changes: readonly ConcurrencyChange[],
    { by }: OverrideOptions,
  ): void {
    const { broker, options } = this.#deps;
    for (const { queue, before, now } of changes) {
      if (before.override === now.override) continue;
      const who = (by ?? `worker ${options.name}`).slice(0, MAX_BY);
      // What was wanted, both: what the bounds made of it is not what was said.
      const [from, to] = [before.override ?? before.desired, now.override ?? now.desired];
      const line = { action, by: who, worker: options.name, queue, from, to };
      broker.recordChange?.(line).catch(() => undefined);
    }
  }
}
