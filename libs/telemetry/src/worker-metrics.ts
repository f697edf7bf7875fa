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
  CappedLabels,
  DEFAULT_MAX_LABELS,
  DurationHistogram,
  EXPECTED_FAILURES,
  HAND_BACK_REASONS,
  METRICS,
  type MetricEntry,
  reasonOf,
  type Sample,
  single,
  TaskCounter,
} from '@goflow/shared/metrics';
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { FleetMetrics } from './fleet-metrics.js';
import { tally } from './tally.js';
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
  /** The same for queues, of this worker and of all. @default 500 */
  readonly maxQueues?: number | undefined;
  /** One process of each group tells what is true of all queues. @default that of all who name none */
  readonly group?: string | undefined;
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
  const queues = new CappedLabels({ max: options.maxQueues ?? DEFAULT_MAX_LABELS });
  const queueOf: LabelOf = (queue) => queues.of(queue);
  const typeOf = countTasks({ registry, own }, options, queueOf);
  const labels = { queueOf, typeOf };
  countTroubles(registry, options, queueOf);
  observeDurations(own, options.events, labels);
  const countBusy = showWorker({ registry, own }, options, labels);
  const { exporter, ping, maxQueues, group } = options;
  const fleet = new FleetMetrics({ registry: own, exporter, ping, maxQueues, group });
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

/** The label of a type, or of a queue. */
type LabelOf = (value: string) => string;

interface LabelsOf {
  readonly queueOf: LabelOf;
  readonly typeOf: LabelOf;
}

function countTasks(
  { registry, own }: Registries,
  options: WorkerMetricsOptions,
  queueOf: LabelOf,
): LabelOf {
  const { events, types, maxTypes: max = DEFAULT_MAX_LABELS } = options;
  const finished = new TaskCounter(own, METRICS.finished);
  const failed = tally(own, METRICS.failures);
  const handedBack = tally(own, METRICS.handedBack);
  const [retries, abandoned, takenOver, lost] = [
    counter(registry, METRICS.retries),
    counter(registry, METRICS.abandoned),
    counter(registry, METRICS.takenOver),
    counter(registry, METRICS.lost),
  ];
  /** From zero, so that rate() sees the first failure of a type. */
  const onNew = (type: string): void => {
    const queue = queueOf(types.get(type)?.queue ?? '');
    for (const outcome of FINAL) finished.count({ queue, type, outcome }, 0);
    for (const [outcome, reason] of EXPECTED_FAILURES) failed({ queue, type, outcome, reason }, 0);
    for (const each of [retries, abandoned, takenOver]) each.inc({ queue, type }, 0);
  };
  const labels = new CappedLabels({ max, isKnown: (type) => types.has(type), onNew });
  // Of more than get a label nobody knows yet which will be seen.
  if (types.size <= max) for (const type of types.keys()) labels.of(type);
  for (const queue of new Set([...types.values()].map((one) => queueOf(one.queue)))) {
    lost.inc({ queue }, 0);
    for (const reason of HAND_BACK_REASONS) handedBack({ queue, reason }, 0);
  }
  const labelsOf = ({ queue, type }: TakenTask) => ({
    queue: queueOf(queue),
    type: labels.of(type),
  });
  events.on('task:finished', ({ task, verdict }: TaskFinished) => {
    if (verdict.kind === 'handed-back') {
      handedBack({ queue: queueOf(task.queue), reason: verdict.reason });
      return;
    }
    const { queue, type } = labelsOf(task);
    if (verdict.kind === 'retry') retries.inc({ queue, type });
    else finished.count({ queue, type, outcome: verdict.kind });
    if (verdict.kind !== 'completed')
      failed({ queue, type, outcome: verdict.kind, reason: reasonOf(verdict.failure.code) });
  });
  events.on('task:taken-over', ({ task }) => takenOver.inc(labelsOf(task)));
  events.on('task:abandoned', ({ task }) => abandoned.inc(labelsOf(task)));
  events.on('task:lost', ({ task }) => lost.inc({ queue: queueOf(task.queue) }));
  return (type) => labels.of(type);
}

function countTroubles(
  registry: Registry,
  { events, types }: WorkerMetricsOptions,
  queueOf: LabelOf,
): void {
  const rebuilt = counter(registry, METRICS.rebuilt);
  for (const { queue } of types.values()) rebuilt.inc({ queue: queueOf(queue) }, 0);
  events.on('consumer:rebuilt', ({ queue }) => rebuilt.inc({ queue: queueOf(queue) }));
  const dataLosses = counter(registry, METRICS.dataLosses);
  events.on('broker:data-lost', () => dataLosses.inc());
  const troubles = counter(registry, METRICS.troubles);
  events.on('broker:trouble', ({ repeated }) => troubles.inc(repeated + 1));
  const { name, help, buckets = [] } = METRICS.roundTrip;
  const roundTrip = new Histogram({ name, help, buckets: [...buckets], registers: [registry] });
  events.on('broker:answered', ({ roundTripMs }) => roundTrip.observe(roundTripMs / 1_000));
}

function observeDurations(
  registry: TextRegistry,
  events: WorkerEventSource,
  { queueOf, typeOf }: LabelsOf,
): void {
  const run = new DurationHistogram(registry, METRICS.run);
  const wait = new DurationHistogram(registry, METRICS.wait);
  events.on('task:started', ({ task, waitedMs }) => {
    if (waitedMs !== undefined)
      wait.observe(queueOf(task.queue), typeOf(task.type), waitedMs / 1_000);
  });
  events.on('task:finished', ({ task, verdict, runMs }) => {
    if (hasRun(verdict)) run.observe(queueOf(task.queue), typeOf(task.type), runMs / 1_000);
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
  { queues, types, maxTypes = DEFAULT_MAX_LABELS, loopLagMs }: WorkerMetricsOptions,
  labels: LabelsOf,
): WorkerMetrics['countBusy'] {
  const { queueOf } = labels;
  const ofQueues = (read: (queue: QueueGauges) => number) => (): readonly Sample[] => {
    const sums = new Map<string, number>();
    for (const one of queues()) {
      const queue = queueOf(one.queue);
      sums.set(queue, (sums.get(queue) ?? 0) + read(one));
    }
    return [...sums].map(([queue, value]) => ({ labels: { queue }, value }));
  };
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
  addComputed(own, METRICS.active, () => activeSamples(queues(), shown, labels));
  const busy = counter(registry, METRICS.busy);
  for (const { queue } of types.values()) busy.inc({ queue: queueOf(queue) }, 0);
  return (ms) => {
    for (const { queue, slots } of queues())
      if (slots > 0) busy.inc({ queue: queueOf(queue) }, (slots * ms) / 1_000);
  };
}

/** Types that have nothing running are there with 0, where all have a label. */
function activeSamples(
  queues: Iterable<QueueGauges>,
  types: readonly (readonly [type: string, contract: { readonly queue: string }])[],
  { queueOf, typeOf }: LabelsOf,
): readonly Sample[] {
  const samples = new Map<string, { labels: Sample['labels']; value: number }>();
  const add = (queue: string, type: string, count: number): void => {
    const key = `${queue}\n${type}`;
    const sample = samples.get(key) ?? { labels: { queue, type }, value: 0 };
    sample.value += count;
    samples.set(key, sample);
  };
  for (const [type, { queue }] of types) add(queueOf(queue), type, 0);
  for (const { queue, activeTypes } of queues)
    for (const type of activeTypes) add(queueOf(queue), typeOf(type), 1);
  return [...samples.values()];
}

function counter(registry: Registry, { name, help, labels }: MetricEntry): Counter {
  return new Counter({ name, help, labelNames: [...labels], registers: [registry] });
}
