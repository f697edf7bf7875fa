import {
  type FleetExporter,
  isFinal,
  TASK_STATES,
  type TakenTask,
  type TaskFinished,
  type Verdict,
  type WorkerEventSource,
} from '@goflow/shared';
import {
  addComputed,
  DEFAULT_MAX_TYPES,
  DurationHistogram,
  METRICS,
  type MetricEntry,
  reasonOf,
  type Sample,
  single,
  TaskCounter,
  TypeLabels,
} from '@goflow/shared/metrics';
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { FleetMetrics } from './fleet-metrics.js';
import { TextRegistry } from './text-registry.js';

/** What the metrics ask a worker when they are scraped. */
export interface QueueGauges {
  readonly queue: string;
  readonly concurrency: number;
  /** What is wanted of it. */
  readonly desired: number;
  /** The types of the tasks that run, one for each. */
  readonly activeTypes: readonly string[];
  /** Slots in use. */
  readonly slots: number;
}

/** What worker metrics are made of. */
export interface WorkerMetricsOptions {
  readonly events: WorkerEventSource;
  readonly queues: () => Iterable<QueueGauges>;
  /** Types that may get a label of their own, and their queues; garbage found in a queue is counted as `other`. */
  readonly types: ReadonlyMap<string, { readonly queue: string }>;
  /** So many of them get one: the first that are seen; the rest is `other`. @default 500 */
  readonly maxTypes?: number | undefined;
  /** How late the event loop was at most in the last minute, in milliseconds. */
  readonly loopLagMs: () => number;
  /** A broker's. @default this worker is never the one that tells what is true of all queues */
  readonly exporter?: FleetExporter | undefined;
  /** Resolves when the broker answers. */
  readonly ping: () => Promise<unknown>;
  /** Node's own metrics too: event loop lag, memory, CPU. @default true */
  readonly nodeMetrics?: boolean | undefined;
}

/** The metrics of one worker. Each worker has a registry of its own: two in one process do not mix. */
export interface WorkerMetrics {
  readonly contentType: string;
  /** The text that Prometheus scrapes, within about a second, Redis away or not. */
  text(): Promise<string>;
  /** Counts an error that a handler threw outside its own promise. */
  countEscaped(): void;
  /** Counts `ms` milliseconds for each slot that is in use. To be called several times a second. */
  countBusy(ms: number): void;
  /** Stops what measures in the background; another process may be elected to tell what is true of all queues. Never rejects. */
  close(): Promise<void>;
}

/** Subscribes to a worker's events and keeps its metrics. */
export function createWorkerMetrics(options: WorkerMetricsOptions): WorkerMetrics {
  const registry = new Registry();
  const own = new TextRegistry();
  // Looking at the event loop every 10 ms, as by default, costs a busy worker some percent.
  if (options.nodeMetrics !== false)
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  const escaped = counter(registry, METRICS.escaped);
  const typeOf = countTasks({ registry, own }, options);
  countTroubles(registry, options);
  observeDurations(own, options.events, typeOf);
  const countBusy = showWorker({ registry, own }, options, typeOf);
  const { exporter, ping } = options;
  const fleet = new FleetMetrics({ registry: own, exporter, ping });
  return {
    contentType: registry.contentType,
    text: async () => (await Promise.all([own.text(), registry.metrics()])).join('\n'),
    countEscaped: () => escaped.inc(),
    countBusy,
    close: () => {
      registry.clear();
      own.clear();
      return fleet.close();
    },
  };
}

const FINAL = TASK_STATES.filter(isFinal);

/** Those of prom-client, and those that have many series. */
interface Registries {
  readonly registry: Registry;
  readonly own: TextRegistry;
}

/** The label of a type. */
type TypeOf = (type: string) => string;

function countTasks({ registry, own }: Registries, options: WorkerMetricsOptions): TypeOf {
  const { events, types, maxTypes: max = DEFAULT_MAX_TYPES } = options;
  const finished = new TaskCounter(own, METRICS.finished);
  const [failures, retries, handedBack, abandoned, takenOver, lost] = [
    counter(registry, METRICS.failures),
    counter(registry, METRICS.retries),
    counter(registry, METRICS.handedBack),
    counter(registry, METRICS.abandoned),
    counter(registry, METRICS.takenOver),
    counter(registry, METRICS.lost),
  ];
  /** From zero, so that rate() sees the first failure of a type. */
  const onNew = (type: string): void => {
    const queue = types.get(type)?.queue ?? '';
    for (const outcome of FINAL) finished.count({ queue, type, outcome }, 0);
    for (const outcome of ['retry', 'failed'])
      failures.inc({ queue, type, outcome, reason: 'handler-error' }, 0);
    for (const each of [retries, abandoned, takenOver]) each.inc({ queue, type }, 0);
  };
  const labels = new TypeLabels({ max, isKnown: (type) => types.has(type), onNew });
  // Of more than get a label nobody knows yet which will be seen.
  if (types.size <= max) for (const type of types.keys()) labels.of(type);
  for (const { queue } of types.values()) lost.inc({ queue }, 0);
  const labelsOf = ({ queue, type }: TakenTask) => ({ queue, type: labels.of(type) });
  events.on('task:finished', ({ task, verdict }: TaskFinished) => {
    if (verdict.kind === 'handed-back') {
      handedBack.inc({ queue: task.queue, reason: verdict.reason });
      return;
    }
    const { queue, type } = labelsOf(task);
    if (verdict.kind === 'retry') retries.inc({ queue, type });
    else finished.count({ queue, type, outcome: verdict.kind });
    if (verdict.kind !== 'completed')
      failures.inc({ queue, type, outcome: verdict.kind, reason: reasonOf(verdict.failure.code) });
  });
  events.on('task:taken-over', ({ task }) => takenOver.inc(labelsOf(task)));
  events.on('task:abandoned', ({ task }) => abandoned.inc(labelsOf(task)));
  events.on('task:lost', ({ task }) => lost.inc({ queue: task.queue }));
  return (type) => labels.of(type);
}

function countTroubles(registry: Registry, { events, types }: WorkerMetricsOptions): void {
  const rebuilt = counter(registry, METRICS.rebuilt);
  for (const { queue } of types.values()) rebuilt.inc({ queue }, 0);
  events.on('consumer:rebuilt', ({ queue }) => rebuilt.inc({ queue }));
  const dataLosses = counter(registry, METRICS.dataLosses);
  events.on('broker:data-lost', () => dataLosses.inc());
  const troubles = counter(registry, METRICS.troubles);
  events.on('broker:trouble', ({ repeated }) => troubles.inc(repeated + 1));
  const { name, help, buckets = [] } = METRICS.roundTrip;
  const roundTrip = new Histogram({ name, help, buckets: [...buckets], registers: [registry] });
  events.on('broker:answered', ({ roundTripMs }) => roundTrip.observe(roundTripMs / 1_000));
}

function observeDurations(registry: TextRegistry, events: WorkerEventSource, typeOf: TypeOf): void {
  const run = new DurationHistogram(registry, METRICS.run);
  const wait = new DurationHistogram(registry, METRICS.wait);
  events.on('task:started', ({ task, waitedMs }) => {
    if (waitedMs !== undefined) wait.observe(task.queue, typeOf(task.type), waitedMs / 1_000);
  });
  events.on('task:finished', ({ task, verdict, runMs }) => {
    if (hasRun(verdict)) run.observe(task.queue, typeOf(task.type), runMs / 1_000);
  });
}

/** What ended before its handler began, as what has expired, is no attempt, and would make all others look shorter. */
const hasRun = (verdict: Verdict): boolean =>
  verdict.kind === 'completed' ||
  verdict.kind === 'retry' ||
  (verdict.kind !== 'handed-back' && verdict.isUnspent !== true);

/** Gives what counts the time that slots are in use: looked at now and then, as nothing is done for it with each task. */
function showWorker(
  { registry, own }: Registries,
  { queues, types, maxTypes = DEFAULT_MAX_TYPES, loopLagMs }: WorkerMetricsOptions,
  typeOf: TypeOf,
): WorkerMetrics['countBusy'] {
  const ofQueues = (read: (queue: QueueGauges) => number) => (): readonly Sample[] =>
    [...queues()].map((one) => ({ labels: { queue: one.queue }, value: read(one) }));
  addComputed(
    own,
    METRICS.concurrency,
    ofQueues(({ concurrency }) => concurrency),
  );
  addComputed(
    own,
    METRICS.desired,
    ofQueues(({ desired }) => desired),
  );
  addComputed(own, METRICS.loopLag, () => single(loopLagMs() / 1_000));
  const shown = types.size <= maxTypes ? [...types] : [];
  addComputed(own, METRICS.active, () => activeSamples(queues(), shown, typeOf));
  const busy = counter(registry, METRICS.busy);
  for (const { queue } of types.values()) busy.inc({ queue }, 0);
  return (ms) => {
    for (const { queue, slots } of queues())
      if (slots > 0) busy.inc({ queue }, (slots * ms) / 1_000);
  };
}

/** Types that have nothing running are there with 0, where all have a label. */
function activeSamples(
  queues: Iterable<QueueGauges>,
  types: readonly (readonly [type: string, contract: { readonly queue: string }])[],
  typeOf: TypeOf,
): readonly Sample[] {
  const samples = new Map<string, { labels: Sample['labels']; value: number }>();
  const add = (queue: string, type: string, count: number): void => {
    const key = `${queue}\n${type}`;
    const sample = samples.get(key) ?? { labels: { queue, type }, value: 0 };
    sample.value += count;
    samples.set(key, sample);
  };
  for (const [type, { queue }] of types) add(queue, type, 0);
  for (const { queue, activeTypes } of queues)
    for (const type of activeTypes) add(queue, typeOf(type), 1);
  return [...samples.values()];
}

function counter(registry: Registry, { name, help, labels }: MetricEntry): Counter {
  return new Counter({ name, help, labelNames: [...labels], registers: [registry] });
}
