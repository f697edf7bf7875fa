import {
  isFinal,
  type QueueCounts,
  TASK_STATES,
  type TakenTask,
  type TaskFinished,
  type WorkerEventSource,
} from '@goflow/shared';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { DurationHistogram } from './duration-histogram.js';
import { METRICS, type MetricEntry } from './metric-catalogue.js';
import { TaskCounter } from './task-counter.js';

/** What the metrics ask a worker when they are scraped. */
export interface QueueGauges {
  readonly queue: string;
  readonly concurrency: number;
  /** What is wanted of it. */
  readonly desired: number;
  readonly active: number;
  counts(): Promise<QueueCounts>;
}

/** What worker metrics are made of. */
export interface WorkerMetricsOptions {
  readonly events: WorkerEventSource;
  readonly queues: () => Iterable<QueueGauges>;
  /** Types that get a label of their own, and their queues; garbage found in a queue is counted as `other`. */
  readonly types: ReadonlyMap<string, { readonly queue: string }>;
  /** Node's own metrics too: event loop lag, memory, CPU. @default true */
  readonly nodeMetrics?: boolean | undefined;
}

/** The metrics of one worker. Each worker has a registry of its own: two in one process do not mix. */
export interface WorkerMetrics {
  readonly contentType: string;
  /** The text that Prometheus scrapes. */
  text(): Promise<string>;
  /** Counts an error that a handler threw outside its own promise. */
  countEscaped(): void;
  /** Stops what measures in the background. */
  close(): void;
}

/** Queue depths are the same for all workers and cost Redis a call: asked for at most this often. */
const DEPTH_CACHE_MS = 2_000;

/** Subscribes to a worker's events and keeps its metrics. */
export function createWorkerMetrics(options: WorkerMetricsOptions): WorkerMetrics {
  const registry = new Registry();
  // Looking at the event loop every 10 ms, as by default, costs a busy worker some percent.
  if (options.nodeMetrics !== false)
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  const escaped = counter(registry, METRICS.escaped);
  const typeOf = ({ type }: TakenTask): string => (options.types.has(type) ? type : 'other');
  countTasks(registry, options, typeOf);
  countTroubles(registry, options);
  observeDurations(registry, options.events, typeOf);
  showWorker(registry, options.queues);
  showDepths(registry, options.queues);
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    countEscaped: () => escaped.inc(),
    close: () => registry.clear(),
  };
}

const FINAL = TASK_STATES.filter(isFinal);

type TypeOf = (task: TakenTask) => string;

function countTasks(
  registry: Registry,
  { events, types }: WorkerMetricsOptions,
  typeOf: TypeOf,
): void {
  const labelsOf = (task: TakenTask) => ({ queue: task.queue, type: typeOf(task) });
  const finished = new TaskCounter(registry, METRICS.finished);
  const retries = counter(registry, METRICS.retries);
  const handedBack = counter(registry, METRICS.handedBack);
  const abandoned = counter(registry, METRICS.abandoned);
  const takenOver = counter(registry, METRICS.takenOver);
  const lost = counter(registry, METRICS.lost);
  // From zero, so that rate() sees the first failure of a type.
  for (const [type, { queue }] of types) {
    for (const outcome of FINAL) finished.count({ queue, type, outcome }, 0);
    retries.inc({ queue, type }, 0);
    abandoned.inc({ queue, type }, 0);
    takenOver.inc({ queue, type }, 0);
    lost.inc({ queue }, 0);
  }
  events.on('task:finished', ({ task, verdict }: TaskFinished) => {
    if (verdict.kind === 'retry') retries.inc(labelsOf(task));
    else if (verdict.kind === 'handed-back')
      handedBack.inc({ queue: task.queue, reason: verdict.reason });
    else finished.count({ queue: task.queue, type: typeOf(task), outcome: verdict.kind });
  });
  events.on('task:taken-over', ({ task }) => takenOver.inc(labelsOf(task)));
  events.on('task:abandoned', ({ task }) => abandoned.inc(labelsOf(task)));
  events.on('task:lost', ({ task }) => lost.inc({ queue: task.queue }));
}

function countTroubles(registry: Registry, { events, types }: WorkerMetricsOptions): void {
  const rebuilt = counter(registry, METRICS.rebuilt);
  for (const { queue } of types.values()) rebuilt.inc({ queue }, 0);
  events.on('consumer:rebuilt', ({ queue }) => rebuilt.inc({ queue }));
  const dataLosses = counter(registry, METRICS.dataLosses);
  events.on('broker:data-lost', () => dataLosses.inc());
  const troubles = counter(registry, METRICS.troubles);
  events.on('broker:trouble', ({ repeated }) => troubles.inc(repeated + 1));
}

function observeDurations(registry: Registry, events: WorkerEventSource, typeOf: TypeOf): void {
  const run = new DurationHistogram(registry, METRICS.run);
  const wait = new DurationHistogram(registry, METRICS.wait);
  events.on('task:started', ({ task, waitedMs }) => {
    if (waitedMs !== undefined) wait.observe(task.queue, typeOf(task), waitedMs / 1_000);
  });
  events.on('task:finished', ({ task, verdict, runMs }) => {
    if (verdict.kind !== 'handed-back') run.observe(task.queue, typeOf(task), runMs / 1_000);
  });
}

function showWorker(registry: Registry, queues: () => Iterable<QueueGauges>): void {
  gauge(registry, METRICS.active, (active) => {
    for (const queue of queues()) active.set({ queue: queue.queue }, queue.active);
  });
  gauge(registry, METRICS.concurrency, (concurrency) => {
    for (const queue of queues()) concurrency.set({ queue: queue.queue }, queue.concurrency);
  });
  gauge(registry, METRICS.desired, (desired) => {
    for (const queue of queues()) desired.set({ queue: queue.queue }, queue.desired);
  });
}

function showDepths(registry: Registry, queues: () => Iterable<QueueGauges>): void {
  let askedAt = Number.NEGATIVE_INFINITY;
  gauge(registry, METRICS.depth, async (depth) => {
    if (performance.now() - askedAt < DEPTH_CACHE_MS) return;
    askedAt = performance.now();
    await Promise.all([...queues()].map((queue) => showDepth(depth, queue)));
  });
}

async function showDepth(depth: Gauge, queue: QueueGauges): Promise<void> {
  const counts = await queue.counts().catch(() => undefined);
  // Rather no figure than an old one: Redis is away, and that is shown elsewhere.
  for (const state of TASK_STATES) {
    if (counts) depth.set({ queue: queue.queue, state }, counts[state]);
    else depth.remove({ queue: queue.queue, state });
  }
}

function counter(registry: Registry, { name, help, labels }: MetricEntry): Counter {
  return new Counter({ name, help, labelNames: [...labels], registers: [registry] });
}

function gauge(
  registry: Registry,
  { name, help, labels }: MetricEntry,
  collect: (gauge: Gauge) => void | Promise<void>,
): Gauge {
  return new Gauge({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect() {
      return collect(this);
    },
  });
}
