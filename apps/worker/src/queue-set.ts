import {
  type Consumer,
  type ConsumerBroker,
  type ConsumerListener,
  type Emitter,
  ENVELOPE_VERSION,
  type ResolvedRetention,
  type TakenTask,
  type TaskContract,
  type Verdict,
  type WorkerEvents,
} from '@goflow/shared';
import type { QueueGauges } from '@goflow/telemetry';
import type { ConcurrencyState } from './concurrency/concurrencies.js';
import { LiveConcurrency, type OverrideOptions } from './concurrency/live-concurrency.js';
import type { AttemptTraces } from './execution/attempt-traces.js';
import { openVerdict } from './execution/envelope.js';
import { type ExecutionDeps, executeTask } from './execution/execute-task.js';
import { ResultKeeper } from './execution/keep-result.js';
import { withMiddleware } from './execution/middleware.js';
import type { AnyHandler } from './handlers/handler.js';
import type { ResolvedWorkerOptions } from './options.js';

/** What the queues of a worker need. */
export interface QueueSetDeps {
  readonly options: ResolvedWorkerOptions;
  readonly broker: ConsumerBroker;
  readonly events: Emitter<WorkerEvents>;
  readonly traces: AttemptTraces | undefined;
}

/**
 * The queues that a worker consumes: one consumer for each queue of the types it has handlers for. A handler that is added
 * later brings its queue with it.
 */
export class QueueSet {
  readonly #deps: QueueSetDeps;
  readonly #consumers = new Map<string, Consumer>();
  readonly #wrapped = new Map<string, AnyHandler>();
  readonly #execution: ExecutionDeps;
  readonly #live: LiveConcurrency;
  readonly #forget: () => void;
  #lastTakenAt: number | undefined;
  #started = false;
  #startedAt = 0;
  #leaving = false;

  constructor(deps: QueueSetDeps) {
    this.#deps = deps;
    const { options, broker, traces } = deps;
    const { tasks, registry, logger, resultLimit, compressAbove, cipher } = options;
    const { clock, envelopeVersion = ENVELOPE_VERSION } = broker;
    this.#execution = {
      tasks,
      clock,
      logger,
      resultLimit,
      compressAbove,
      cipher,
      envelopeVersion,
      traces,
      results: keeperOf(deps),
      routing: {
        clock,
        unroutableAfterMs: options.unroutableAfterMs,
        lookingSince: () => this.#startedAt,
        lastAdvertised: (type) => broker.lastAdvertised(type),
      },
      handlerOf: (type) => this.#handlerOf(type),
      onAbandoned: (task) => deps.events.emit('task:abandoned', { task }),
    };
    this.#live = new LiveConcurrency({
      ...deps,
      apply: async (queue, concurrency) => this.#consumers.get(queue)?.setConcurrency(concurrency),
    });
    for (const contract of registry.contracts) this.#consume(contract);
    this.#forget = registry.onAdd((contract) => this.#consume(contract));
  }

  /** What metrics ask: slots ten times a second, the rest when they are scraped. */
  get gauges(): Iterable<QueueGauges> {
    let states: Readonly<Record<string, ConcurrencyState>> | undefined;
    const stateOf = (queue: string): ConcurrencyState | undefined => {
      states ??= this.#live.states;
      return states[queue];
    };
    return [...this.#consumers.values()].map((consumer) => ({
      queue: consumer.queue,
      concurrency: consumer.concurrency,
      get desired() {
        return stateOf(consumer.queue)?.desired ?? consumer.concurrency;
      },
      get activeTypes() {
        return consumer.activeTypes;
      },
      slots: consumer.slots,
    }));
  }

  get concurrency(): Record<string, number> {
    return this.#each((consumer) => consumer.concurrency);
  }

  /** How many tasks run at once, by queue, and why. */
  get concurrencies(): Record<string, ConcurrencyState> {
    return this.#live.states;
  }

  get active(): Record<string, number> {
    return this.#each((consumer) => consumer.active);
  }

  /** When a task was last taken, in milliseconds since 1970. */
  get lastTakenAt(): number | undefined {
    return this.#lastTakenAt;
  }

  has(queue: string): boolean {
    return this.#consumers.has(queue);
  }

  async start(): Promise<void> {
    this.#started = true;
    this.#startedAt = this.#deps.broker.clock.now();
    this.#live.start();
    await Promise.all([...this.#consumers.values()].map((consumer) => consumer.start()));
  }

  setConcurrency(concurrency: number, options: OverrideOptions): Promise<void> {
    return this.#live.set(concurrency, options);
  }

  resetConcurrency(options: OverrideOptions): Promise<void> {
    return this.#live.reset(options);
  }

  notConsuming(): string[] {
    const consumers = [...this.#consumers.values()];
    return consumers.filter((consumer) => !consumer.isConsuming()).map(({ queue }) => queue);
  }

  /** The queues that hold tasks of which none is taken, though slots are free. */
  get stuck(): string[] {
    const consumers = [...this.#consumers.values()];
    return consumers.filter((consumer) => consumer.isStuck).map(({ queue }) => queue);
  }

  async quiet(): Promise<void> {
    this.#leaving = true;
    this.#live.leave();
    this.#forget();
    await Promise.all([...this.#consumers.values()].map((consumer) => consumer.quiet()));
  }

  async stop(graceMs: number): Promise<void> {
    await Promise.all([...this.#consumers.values()].map((consumer) => consumer.stop(graceMs)));
  }

  #each(read: (consumer: Consumer) => number): Record<string, number> {
    return Object.fromEntries(
      [...this.#consumers].map(([queue, consumer]) => [queue, read(consumer)]),
    );
  }

  #consume({ queue }: TaskContract): void {
    if (this.#consumers.has(queue) || this.#leaving) return;
    const consumer = this.#deps.broker.consume({
      queue,
      concurrency: this.#live.open(queue),
      run: (task) => this.#run(task),
      listener: this.#listener(queue),
      retention: this.#retention,
      worker: this.#deps.options.name,
    });
    this.#consumers.set(queue, consumer);
    if (this.#started)
      consumer
        .start()
        .catch((error: unknown) =>
          this.#deps.events.emit('broker:trouble', { error: error as Error, repeated: 0 }),
        );
  }

  get #retention(): ReadonlyMap<string, ResolvedRetention> {
    const { contracts } = this.#deps.options.tasks;
    return new Map([...contracts].map(([type, { retention }]) => [type, retention]));
  }

  #run(task: TakenTask): Promise<Verdict> {
    const now = this.#deps.broker.clock.now();
    this.#lastTakenAt = now;
    // One that was handed back, taken over or redriven was taken before: since when it waits now is not known.
    const waitedMs = task.starts === 1 ? Math.max(now - task.dueAt, 0) : undefined;
    this.#deps.events.emit('task:started', { task, waitedMs });
    if (task.isTakenOver) this.#deps.events.emit('task:taken-over', { task });
    return executeTask(task, this.#execution);
  }

  #listener(queue: string): ConsumerListener {
    const { events, options, traces } = this.#deps;
    const { cipher } = options;
    return {
      settled: (task, stored, runMs) => {
        const verdict = cipher ? openVerdict(stored, task, cipher) : stored;
        events.emit('task:finished', { task, verdict, runMs });
        traces?.end(task, verdict);
      },
      leaseLost: (task) => {
        events.emit('task:lost', { task });
        traces?.end(task, 'lost');
      },
      rebuilt: () => events.emit('consumer:rebuilt', { queue }),
    };
  }

  /** Middleware is put around a handler once, not once a task. */
  #handlerOf(type: string): AnyHandler | undefined {
    const known = this.#wrapped.get(type);
    if (known) return known;
    const { registry, middleware } = this.#deps.options;
    const handler = registry.get(type);
    if (!handler) return undefined;
    const wrapped = withMiddleware(handler, middleware);
    this.#wrapped.set(type, wrapped);
    return wrapped;
  }
}

function keeperOf({ options, broker, traces }: QueueSetDeps): ResultKeeper | undefined {
  const { resultStore: store, storeResultsAbove: aboveBytes, logger } = options;
  const { clock } = broker;
  const common = { limitBytes: MAX_STORED, clock, logger, traces };
  return store && new ResultKeeper({ store, aboveBytes, ...common });
}

/** A larger one could not be held in memory together with its text. */
const MAX_STORED = 512 * 1024 * 1024;
