import {
  type FleetExporter,
  type FleetState,
  isQueueName,
  type ServerRecord,
  TASK_STATES,
  type WorkerRecord,
} from '@goflow/shared';
import {
  addComputed,
  CappedLabels,
  DEFAULT_MAX_LABELS,
  METRICS,
  type MetricEntry,
  type MetricRegistry,
  type Sample,
  single,
} from '@goflow/shared/metrics';
import { soon } from './soon.js';

/** What {@link FleetMetrics} are made of. */
export interface FleetMetricsOptions {
  /** prom-client's. */
  readonly registry: MetricRegistry;
  /** A broker's. Undefined: this process is never elected. */
  readonly exporter: FleetExporter | undefined;
  /** How many queues get a label of their own: the first that are seen; the rest is `other`. @default 500 */
  readonly maxQueues?: number | undefined;
  /** One process of each group tells what is true of all queues. @default that of all who name none */
  readonly group?: string | undefined;
  /** Resolves when the broker answers. */
  readonly ping: () => Promise<unknown>;
}

/** What one scrape found out. */
interface Seen {
  readonly isUp: boolean;
  readonly isElected: boolean;
  /** Undefined where another process tells it, or Redis does not. */
  readonly state: FleetState | undefined;
}

/** All metrics of one scrape share one look, and so do scrapes that come close together. */
const SHARED_MS = 1_000;

/**
 * Where a look takes longer than a scrape may, as with very many queues, the one before is shown, if it is not older: the one of the scrape before,
 * where Prometheus waits a minute between two.
 */
const MAX_AGE_MS = 90_000;

/**
 * What is true of all queues, shown by the one process that is elected: depths, ages, pauses, workers, and how Redis is. In the others, and while Redis
 * does not answer, these metrics have no series at all. Each scrape takes about a second at most. For workers and gateways alike.
 */
export class FleetMetrics {
  readonly #options: FleetMetricsOptions;
  readonly #queues: CappedLabels;
  #seen: { readonly askedAt: number; readonly answer: Promise<Seen> } | undefined;
  #looking: Promise<void> | undefined;
  #last: { readonly lookedAt: number; readonly state: FleetState } | undefined;

  constructor(options: FleetMetricsOptions) {
    this.#options = options;
    const { registry, maxQueues: max = DEFAULT_MAX_LABELS } = options;
    this.#queues = new CappedLabels({ max });
    addComputed(registry, METRICS.up, async () => single((await this.#now()).isUp ? 1 : 0));
    addComputed(registry, METRICS.elected, async () =>
      single((await this.#now()).isElected ? 1 : 0),
    );
    for (const [entry, read] of OF_ALL_QUEUES)
      addComputed(registry, entry, async () => {
        const { state } = await this.#now();
        return state ? read(state, (queue) => this.#queues.of(queue)) : [];
      });
  }

  /** Lets another process be elected. Never rejects. */
  async close(): Promise<void> {
    await this.#options.exporter?.resign();
  }

  #now(): Promise<Seen> {
    const askedAt = performance.now();
    if (!this.#seen || askedAt - this.#seen.askedAt >= SHARED_MS)
      this.#seen = { askedAt, answer: this.#ask() };
    return this.#seen.answer;
  }

  async #ask(): Promise<Seen> {
    const { exporter, ping } = this.#options;
    const answered = soon(ping()).then(
      () => true,
      () => false,
    );
    const looked = soon(this.#claimAndLook()).catch(() => undefined);
    const [isUp] = await Promise.all([answered, looked]);
    // Asked last: two must not tell the same.
    const isElected = exporter?.isElected ?? false;
    const { lookedAt, state } = this.#last ?? { lookedAt: Number.NEGATIVE_INFINITY };
    const isFresh = performance.now() - lookedAt < MAX_AGE_MS;
    return { isUp, isElected, state: isUp && isElected && isFresh ? state : undefined };
  }

  async #claimAndLook(): Promise<void> {
    const { exporter, group } = this.#options;
    if (!(await exporter?.claim(group))) return;
    // One look at a time: while Redis hangs they would heap up.
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    await this.#looking;
  }

  async #look(): Promise<void> {
    const lookedAt = performance.now();
    try {
      const state = await this.#options.exporter?.look();
      this.#last = state && { lookedAt, state };
    } catch {
      // Rather no figure than an old one.
      this.#last = undefined;
    }
  }
}

/** The label of a queue. */
type LabelOf = (queue: string) => string;

const OF_ALL_QUEUES: readonly (readonly [
  entry: MetricEntry,
  read: (state: FleetState, labelOf: LabelOf) => readonly Sample[],
])[] = [
  [METRICS.depth, depths],
  [METRICS.oldest, ages],
  [METRICS.paused, pauses],
  [METRICS.queueWorkers, workersByQueue],
  [METRICS.workers, workersByState],
  [METRICS.redisMemory, ofServers(({ usedBytes }) => usedBytes)],
  [METRICS.redisMaxMemory, ofServers(({ maxBytes }) => maxBytes)],
  [METRICS.redisClients, ofServers(({ connections }) => connections)],
  [METRICS.redisMaxClients, ofServers(({ maxConnections }) => maxConnections)],
  [METRICS.redisEvicts, ofServers(({ evicts }) => evicts && 1)],
  [METRICS.redisEvicted, ofServers(({ evicted }) => evicted)],
];

/** One value for each label, though several queues may share one. */
function byLabel(
  values: readonly (readonly [label: string, value: number])[],
  ofTwo: (one: number, other: number) => number,
): Map<string, number> {
  const found = new Map<string, number>();
  for (const [label, value] of values) {
    const before = found.get(label);
    found.set(label, before === undefined ? value : ofTwo(before, value));
  }
  return found;
}

const ofQueues = (values: Iterable<readonly [label: string, value: number]>): Sample[] =>
  [...values].map(([queue, value]) => ({ labels: { queue }, value }));

function depths({ queues }: FleetState, labelOf: LabelOf): Sample[] {
  const sums = TASK_STATES.map((state) => {
    const counts = queues.map((one) => [labelOf(one.queue), one.counts[state]] as const);
    return [state, byLabel(counts, (one, other) => one + other)] as const;
  });
  return sums.flatMap(([state, counts]) =>
    [...counts].map(([queue, value]) => ({ labels: { queue, state }, value })),
  );
}

function ages({ queues, at }: FleetState, labelOf: LabelOf): Sample[] {
  const values = queues.map(
    ({ queue, oldestWaitingAt }) =>
      [labelOf(queue), Math.max(at - (oldestWaitingAt ?? at), 0) / 1_000] as const,
  );
  return ofQueues(byLabel(values, Math.max));
}

/** Of several 1 only when all are paused: what is paused keeps alerts quiet. */
function pauses({ queues }: FleetState, labelOf: LabelOf): Sample[] {
  const values = queues.map((one) => [labelOf(one.queue), one.isPaused ? 1 : 0] as const);
  return ofQueues(byLabel(values, Math.min));
}

/**
 * Of every queue that there is, also 0: an alert has to see that nobody is there. Of several the fewest that any has in which tasks wait, so that it sees
 * that of one of them, too.
 */
function workersByQueue({ queues, workers }: FleetState, labelOf: LabelOf): Sample[] {
  const counts = new Map(queues.map(({ queue }) => [queue, 0]));
  for (const worker of workers)
    for (const [queue, { concurrency }] of queuesOf(worker)) {
      const takes = worker.state === 'running' && concurrency > 0;
      counts.set(queue, (counts.get(queue) ?? 0) + (takes ? 1 : 0));
    }
  const values = [...counts].map(([queue, count]) => [labelOf(queue), count] as const);
  const awaited = queues
    .filter((one) => one.counts.waiting > 0)
    .map(({ queue }) => [labelOf(queue), counts.get(queue) ?? 0] as const);
  return ofQueues(new Map([...byLabel(values, Math.min), ...byLabel(awaited, Math.min)]));
}

/** What was written by another release, or by hand, may lack them: one such record must not cost the whole scrape. */
const queuesOf = ({ queues }: Partial<WorkerRecord>) =>
  Object.entries(queues ?? {}).filter(([queue, load]) => isQueueName(queue) && load);

const WORKER_STATES = ['starting', 'running', 'quiet', 'stopping'];

function workersByState({ workers }: FleetState): Sample[] {
  const countOf = (state: string): number =>
    workers.filter((worker: WorkerRecord) => worker.state === state).length;
  return WORKER_STATES.map((state) => ({ labels: { state }, value: countOf(state) }));
}

function ofServers(
  read: (server: ServerRecord) => number | false | undefined,
): (state: FleetState) => readonly Sample[] {
  return ({ servers }) =>
    servers.flatMap((server) => {
      const value = read(server);
      return value === undefined ? [] : [{ labels: { node: server.name }, value: Number(value) }];
    });
}
