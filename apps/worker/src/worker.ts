import {
  type ConsumerBroker,
  type Duration,
  Emitter,
  ENVELOPE_VERSION,
  GoflowError,
  invalidOption,
  type TaskDefinitions,
  toMs,
  type WorkerAdvert,
  type WorkerEvents,
} from '@goflow/shared';
import { createWorkerMetrics, type WorkerMetrics } from '@goflow/telemetry';
import { advertOf } from './advert.js';
import { callBack } from './callbacks.js';
import type { ConcurrencyState } from './concurrency/concurrencies.js';
import { checkConcurrency } from './concurrency/concurrency-options.js';
import type { OverrideOptions } from './concurrency/live-concurrency.js';
import { connectBroker } from './connect-broker.js';
import { AttemptTraces } from './execution/attempt-traces.js';
import { logEvents } from './log-events.js';
import { LoopWatch } from './loop-watch.js';
import { createHttpServer } from './ops/create-http-server.js';
import { type ResolvedWorkerOptions, resolveWorkerOptions, type WorkerOptions } from './options.js';
import { QueueSet } from './queue-set.js';
import { LastTrouble, type Readiness } from './readiness.js';
import { StoreSweeper } from './store-sweeper.js';

const DEFAULT_LEASE = '30s';
const LEASE = { minMs: 1_000, maxMs: 3_600_000 };

/** Where a worker stands in its life. A stopped worker is not started again but replaced. */
export type WorkerState = 'new' | 'starting' | 'running' | 'quiet' | 'stopping' | 'stopped';

export type { Readiness } from './readiness.js';

/** Whether a worker is of any use, and if not, why. One that is not live is to be replaced. */
export interface Liveness {
  readonly live: boolean;
  readonly reason?: string;
}

/**
 * Creates a worker. Nothing happens before `start()`.
 *
 * @throws OPTION_INVALID, HANDLER_INVALID
 * @example
 * const worker = createWorker({ tasks, handlers, redis: 'redis://localhost:6379', concurrency: 10, http: { port: 9464 } });
 * await worker.start();
 */
export function createWorker<D extends TaskDefinitions>(options: WorkerOptions<D>): Worker {
  return new Worker(resolveWorkerOptions(options));
}

/** The door of those who run tasks. Consumes the queues of the types that it has handlers for. Made by {@link createWorker}. */
export class Worker implements AsyncDisposable {
  readonly #options: ResolvedWorkerOptions;
  readonly #events: Emitter<WorkerEvents>;
  readonly #broker: ConsumerBroker;
  readonly #queues: QueueSet;
  readonly #metrics: WorkerMetrics;
  readonly #http: ReturnType<typeof createHttpServer> | undefined;
  readonly #storeSweeper: StoreSweeper;
  readonly #loop: LoopWatch;
  readonly #lastTrouble: LastTrouble;
  #startedAt = 0;
  #state: WorkerState = 'new';
  #starting: Promise<void> | undefined;
  #quieting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: ResolvedWorkerOptions) {
    this.#options = options;
    const leaseMs = toMs('lease', options.lease ?? DEFAULT_LEASE, LEASE);
    this.#events = new Emitter(options.logger);
    const traces = options.tracing && new AttemptTraces(options.tracing, options.name);
    logEvents(this.#events, options.logger, traces);
    callBack(this.#events, options.callbacks, options);
    this.#lastTrouble = new LastTrouble(this.#events);
    const onTick = (ms: number): void => this.#metrics.countBusy(ms);
    this.#loop = new LoopWatch({ events: this.#events, logger: options.logger, leaseMs, onTick });
    this.#broker = options.broker ?? connectBroker(options, this.#events);
    const parts = { options, traces, broker: this.#broker, events: this.#events };
    this.#queues = new QueueSet(parts);
    const { resultStore, logger } = options;
    this.#storeSweeper = new StoreSweeper(resultStore, this.#broker.clock, logger);
    this.#metrics = createWorkerMetrics({
      events: this.#events,
      queues: () => this.#queues.gauges,
      types: options.tasks.contracts,
      maxTypes: options.metricTypes,
      maxQueues: options.metricQueues,
      group: options.metricGroup,
      loopLagMs: () => this.#loop.worstMs,
      exporter: this.#broker.exporter,
      ping: () => this.#broker.ping(),
    });
    this.#http =
      options.http && createHttpServer(options.http, { worker: this, metrics: this.#metrics });
  }

  /** Where it stands. */
  get state(): WorkerState {
    return this.#state;
  }

  /** Tasks at once, by queue. */
  get concurrency(): Readonly<Record<string, number>> {
    return this.#queues.concurrency;
  }

  /** The same, with what was said by its start, by the fleet and on itself. */
  get concurrencies(): Readonly<Record<string, ConcurrencyState>> {
    return this.#queues.concurrencies;
  }

  /** What it was started with, and what its concurrency is kept between. */
  get limits(): Pick<ResolvedWorkerOptions, 'labels' | 'concurrencyBounds'> {
    const { labels, concurrencyBounds } = this.#options;
    return { labels, concurrencyBounds };
  }

  /** Tasks running now, by queue. */
  get active(): Readonly<Record<string, number>> {
    return this.#queues.active;
  }

  /** Where its HTTP face listens, such as `http://127.0.0.1:9464`; undefined before `start()` and without `http`. */
  get httpUrl(): string | undefined {
    return this.#http?.url;
  }

  /** What it is called in the history of tasks and in the fleet. */
  get name(): string {
    return this.#options.name;
  }

  /** Its metrics, also there without `http`. */
  get metrics(): Pick<WorkerMetrics, 'contentType' | 'text' | 'countEscaped'> {
    return this.#metrics;
  }

  /** Subscribes to what happens. What a listener throws is logged, and harms nobody. */
  on<E extends keyof WorkerEvents>(event: E, listener: (...args: WorkerEvents[E]) => void): this {
    this.#events.on(event, listener);
    return this;
  }

  /**
   * Starts taking tasks. Resolves when it does; while Redis is away it waits, and says so in its log.
   *
   * @throws PORT_IN_USE, WORKER_STOPPED
   */
  start(): Promise<void> {
    if (this.#stopping)
      return Promise.reject(
        new GoflowError('WORKER_STOPPED', 'a stopped worker cannot be started'),
      );
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /**
   * Changes how many tasks run at once, in one queue or in all, on this worker alone: it holds, whatever rules the fleet has, until
   * {@link Worker.resetConcurrency}. Takes effect at once, within the worker's bounds; running tasks are not touched.
   *
   * @param concurrency 0 to 10,000; 0 takes nothing
   * @param by who wants it, for the audit trail. @default this worker
   * @throws OPTION_INVALID
   */
  async setConcurrency(concurrency: number, queue?: string, by?: string): Promise<void> {
    checkConcurrency(concurrency);
    await this.#queues.setConcurrency(concurrency, this.#overrideOf(queue, by));
  }

  /** Takes {@link Worker.setConcurrency} back: what the fleet wants counts again, else what it was started with. @throws OPTION_INVALID */
  async resetConcurrency(queue?: string, by?: string): Promise<void> {
    await this.#queues.resetConcurrency(this.#overrideOf(queue, by));
  }

  /** Takes nothing new; running tasks go on. There is no way back: stop it and start another. */
  quiet(): Promise<void> {
    this.#quieting ??= this.#quiet();
    return this.#quieting;
  }

  /**
   * Stops: takes nothing new, waits up to `grace` for running tasks, aborts the rest and hands it back, no attempt spent. Ends
   * within `grace` + 2 s, whatever handlers and Redis do.
   *
   * @throws OPTION_INVALID
   */
  async stop(options: { readonly grace?: Duration } = {}): Promise<void> {
    const graceMs =
      options.grace === undefined ? this.#options.graceMs : toMs('grace', options.grace);
    this.#stopping ??= this.#stop(graceMs);
    await this.#stopping;
  }

  /** Whether it could take a task now: Redis answers, and its queues are consumed. */
  async readiness(): Promise<Readiness> {
    const isWanted = this.#state === 'running' || this.#state === 'starting';
    const readiness = await this.#readiness();
    return isWanted ? this.#lastTrouble.beside(readiness) : readiness;
  }

  async #readiness(): Promise<Readiness> {
    if (this.#state !== 'running') return { ready: false, reason: `the worker is ${this.#state}` };
    const idle = this.#queues.notConsuming();
    if (idle.length > 0) return { ready: false, reason: `not consuming: ${idle.join(', ')}` };
    try {
      await this.#broker.ping();
      return { ready: true };
    } catch (error) {
      return { ready: false, reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /**
   * Whether it takes tasks, as far as there are any. Not live: tasks wait in a queue, slots are free and Redis answers, and still none is taken,
   * though what takes them was rebuilt. Live again when it takes a task.
   */
  liveness(): Liveness {
    const { stuck } = this.#queues;
    if (stuck.length === 0) return { live: true };
    return { live: false, reason: `tasks wait and none is taken: ${stuck.join(', ')}` };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #overrideOf(queue: string | undefined, by: string | undefined): OverrideOptions {
    if (queue !== undefined && !this.#queues.has(queue))
      throw invalidOption('queue', `one of ${Object.keys(this.concurrency).join(', ')}`, queue);
    return { queue, by };
  }

  #advert(): WorkerAdvert {
    return advertOf({
      options: this.#options,
      queues: this.#queues,
      envelopeVersion: this.#broker.envelopeVersion ?? ENVELOPE_VERSION,
      startedAt: this.#startedAt,
      eventLoopLagMs: this.#loop.read(),
      state: this.#state,
    });
  }

  async #start(): Promise<void> {
    this.#state = 'starting';
    await this.#http?.start();
    if (this.#http?.url) this.#events.emit('worker:listening', { url: this.#http.url });
    await this.#queues.start();
    // Stopped meanwhile.
    if (this.#state !== 'starting') return;
    this.#state = 'running';
    this.#startedAt = this.#broker.clock.now();
    this.#loop.start();
    this.#storeSweeper.start();
    this.#broker.advertise(() => this.#advert());
    this.#events.emit('worker:started', { queues: Object.keys(this.concurrency) });
    for (const finding of await this.#broker.audit().catch(() => []))
      this.#options.logger.warn({ component: 'redis' }, finding);
  }

  /** One that was given is closed by who made it. */
  async #closeBroker(): Promise<void> {
    if (!this.#options.broker) await this.#broker.close();
  }

  async #quiet(): Promise<void> {
    if (this.#state === 'running' || this.#state === 'starting') this.#state = 'quiet';
    await this.#queues.quiet();
    this.#events.emit('worker:quiet');
  }

  async #stop(graceMs: number): Promise<void> {
    await this.quiet();
    this.#state = 'stopping';
    const left = await Promise.allSettled([this.#queues.stop(graceMs)]);
    // While the connection is there: another process is elected at once.
    const closing = this.#metrics.close().then(() => this.#closeBroker());
    left.push(...(await Promise.allSettled([this.#http?.stop(), closing])));
    this.#loop.stop();
    this.#storeSweeper.stop();
    this.#state = 'stopped';
    this.#events.emit('worker:stopped');
    const reasons = left.flatMap((one) =>
      one.status === 'rejected' ? [one.reason as unknown] : [],
    );
    if (reasons.length > 0) throw new AggregateError(reasons, 'the worker did not stop cleanly');
  }
}
