import {
  type Broker,
  type Cancelled,
  type ChunkEnvelope,
  type Clock,
  checkPrefix,
  DEFAULT_PREFIX,
  type DetailOptions,
  type FleetBroker,
  type FleetExporter,
  type FleetRuns,
  type InspectorBroker,
  type Pushed,
  type QueueCounts,
  type ReplyInbox,
  type ReplyListener,
  type TaskDetail,
  type TaskEnvelope,
  type TaskId,
  type TaskRecord,
  toMs,
  type Watching,
} from '@goflow/shared';
import type { BullMqBrokerOptions } from './bullmq-broker.js';
import { checkRedisGiven } from './redis-given.js';
import { resolveReplicas } from './replicas-option.js';
import { checkSharedCalls } from './shared-calls/shared-calls-option.js';

/**
 * The producer's broker on BullMQ. Begins at once, in the background, to load BullMQ and ioredis and to connect; calls wait for that.
 * Loading takes longer than all the rest of a program's start, and a program that only imports goflow never pays for it.
 *
 * @throws OPTION_INVALID
 */
export function createDeferredBroker(options: BullMqBrokerOptions): Broker {
  // Else the caller would be told of his mistakes by the first call.
  checkRedisGiven(options.redis);
  checkPrefix(options.prefix ?? DEFAULT_PREFIX);
  const timeoutMs = toMs('timeout', options.timeout ?? '5s', { minMs: 10, maxMs: 600_000 });
  resolveReplicas(options, options.redis, timeoutMs);
  checkSharedCalls(options.sharedCalls);
  return new DeferredBroker(options);
}

type WatchListener = Parameters<Broker['watch']>[1];

/** A broker that is still to be loaded: passes everything on. */
class DeferredBroker implements Broker {
  readonly clock: Clock = {
    now: () => this.#broker?.clock.now() ?? Date.now(),
    after: (ms, callback) => setTimeout(callback, ms),
    cancel: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
  };
  readonly inspector: InspectorBroker = {
    page: (question) => this.#call(({ inspector }) => inspector.page(question)),
    redrive: (id, ...payload) => this.#call(({ inspector }) => inspector.redrive(id, ...payload)),
    discard: (id) => this.#call(({ inspector }) => inspector.discard(id)),
    workers: () => this.#call(({ inspector }) => inspector.workers()),
  };
  readonly fleet: FleetBroker = {
    rules: () => this.#call(({ fleet }) => fleet.rules()),
    setRule: (...rule) => this.#call(({ fleet }) => fleet.setRule(...rule)),
    pause: (queue, by) => this.#call(({ fleet }) => fleet.pause(queue, by)),
    resume: (queue, by) => this.#call(({ fleet }) => fleet.resume(queue, by)),
    queues: (options) => this.#call(({ fleet }) => fleet.queues(options)),
    audit: (limit) => this.#call(({ fleet }) => fleet.audit(limit)),
  };
  readonly exporter: FleetExporter = exporterOf(
    () => this.#broker,
    (call) => this.#call(call),
  );
  readonly runs: FleetRuns = {
    tell: (id, run) => this.#call(({ runs }) => (runs as FleetRuns).tell(id, run)),
    list: () => this.#call(({ runs }) => (runs as FleetRuns).list()),
    end: (id) => this.#call(({ runs }) => (runs as FleetRuns).end(id)),
  };
  readonly #opening: Promise<Broker>;
  #broker: Broker | undefined;

  constructor(options: BullMqBrokerOptions) {
    this.#opening = import('./bullmq-broker.js').then((module) =>
      module.createBullMqBroker(options),
    );
    // Before all that waits for it, so that what comes later does not overtake.
    this.#opening.then(
      (broker) => {
        this.#broker = broker;
      },
      (error: Error) => options.onTrouble?.(error, 0),
    );
  }

  isHandled(type: string): boolean | undefined {
    return this.#broker?.isHandled(type);
  }

  isHandledNow(type: string): Promise<boolean> {
    return this.#call((broker) => broker.isHandledNow(type));
  }

  push(envelope: TaskEnvelope): Promise<Pushed> {
    // The hottest call of all: nothing is allocated to pass it on.
    return this.#broker ? this.#broker.push(envelope) : this.#call((one) => one.push(envelope));
  }

  pushMany(envelopes: readonly TaskEnvelope[]): Promise<readonly (Pushed | Error)[]> {
    return this.#call((broker) => broker.pushMany(envelopes));
  }

  pushChunks(chunks: readonly ChunkEnvelope[]): Promise<readonly (Error | undefined)[]> {
    return this.#call((broker) => broker.pushChunks(chunks));
  }

  read(ids: readonly TaskId[]): Promise<readonly (TaskRecord | undefined)[]> {
    return this.#call((broker) => broker.read(ids));
  }

  detail(id: TaskId, options?: DetailOptions): Promise<TaskDetail | undefined> {
    return this.#call((broker) => broker.detail(id, options));
  }

  cancel(id: TaskId, reason: string): Promise<Cancelled> {
    return this.#call((broker) => broker.cancel(id, reason));
  }

  watch(id: TaskId, listener: WatchListener): Promise<Watching> {
    return this.#call((broker) => broker.watch(id, listener));
  }

  openInbox(listener: ReplyListener): Promise<ReplyInbox> {
    return this.#call((broker) => broker.openInbox(listener));
  }

  counts(queue: string): Promise<QueueCounts> {
    return this.#call((broker) => broker.counts(queue));
  }

  depth(queue: string): Promise<number> {
    return this.#call((broker) => broker.depth(queue));
  }

  ping(): Promise<void> {
    return this.#call((broker) => broker.ping());
  }

  close(): Promise<void> {
    // What could not be loaded has nothing to close.
    return this.#opening.then(
      (broker) => broker.close(),
      () => undefined,
    );
  }

  #call<T>(call: (broker: Broker) => Promise<T>): Promise<T> {
    return this.#broker ? call(this.#broker) : this.#opening.then(call);
  }
}

/** Not elected before it is there. */
function exporterOf(
  broker: () => Broker | undefined,
  call: <T>(use: (broker: Broker) => Promise<T>) => Promise<T>,
): FleetExporter {
  const of = ({ exporter }: Broker): FleetExporter => exporter as FleetExporter;
  return {
    get isElected() {
      return broker()?.exporter?.isElected ?? false;
    },
    claim: (group) => call((one) => of(one).claim(group)),
    look: () => call((one) => of(one).look()),
    // What could not be loaded was never elected.
    resign: () => call((one) => of(one).resign()).catch(() => undefined),
  };
}
