/**
 * Metrics of clients, for Prometheus. It needs prom-client only from who calls it.
 *
 * @example
 * import { createClientMetrics } from '@goflow/sdk/metrics';
 * import { register } from 'prom-client';
 *
 * createClientMetrics(goflow, { register });
 *
 * @module
 */

import { type ClientEvents, checkKnown, invalidOption } from '@goflow/shared';
import {
  addComputed,
  CappedLabels,
  checkMaxLabels,
  DurationHistogram,
  METRICS,
  type MetricRegistry,
  OTHER,
  refusalOf,
  type Sample,
  TaskCounter,
} from '@goflow/shared/metrics';
import { PushIncompleteError } from './push-incomplete-error.js';

export type { MetricRegistry } from '@goflow/shared/metrics';

/** Options of {@link createClientMetrics}. */
export interface ClientMetricsOptions {
  /** Where the metrics are added: `register` of prom-client, or a `Registry` of it. */
  readonly register: MetricRegistry;
  /** How many task types get a label of their own: the first that are seen; the rest is `other`. 0 to 10,000. @default 500 */
  readonly maxTypes?: number | undefined;
  /** The same for queues. @default 500 */
  readonly maxQueues?: number | undefined;
}

/** Where pushes are heard of: every client. */
export interface PushEventSource {
  on<E extends keyof ClientEvents>(event: E, listener: (...args: ClientEvents[E]) => void): unknown;
}

interface PushMetrics {
  readonly pushed: TaskCounter;
  readonly push: DurationHistogram;
  readonly cancelled: CancelCounter;
  readonly types: CappedLabels;
  readonly queues: CappedLabels;
  /** Those that are counted: who is given twice is counted once. */
  readonly clients: WeakSet<PushEventSource>;
}

/** Several clients of one process share one registry, which takes a name only once. */
const added = new WeakMap<MetricRegistry, PushMetrics>();

/**
 * Counts what a client pushes, how long that takes, and what it cancels while it waits, as `goflow_tasks_pushed_total`, `goflow_push_seconds` and
 * `goflow_tasks_cancelled_total`. Several clients may have the same registry: they are counted together, and `maxTypes` and `maxQueues` are those of the first.
 *
 * @throws OPTION_INVALID
 */
export function createClientMetrics(goflow: PushEventSource, options: ClientMetricsOptions): void {
  const { pushed, push, cancelled, types, queues, clients } = metricsIn(options);
  if (clients.has(goflow)) return;
  clients.add(goflow);
  goflow.on('push:arrived', ({ queue, type, tasks, deduplicated }) => {
    const outcome = deduplicated ? 'deduplicated' : 'accepted';
    pushed.count({ queue: queues.of(queue), type: types.of(type), outcome }, tasks);
  });
  goflow.on('push:ended', ({ queue, type, tasks, tookMs, error }) => {
    // A type that no contract has may be anything.
    const isKnown = queue !== undefined;
    const of = {
      queue: isKnown ? queues.of(queue) : OTHER,
      type: isKnown ? types.of(type) : OTHER,
    };
    push.observe(of.queue, of.type, tookMs / 1_000);
    for (const one of error === undefined ? [] : errorsIn(error, tasks))
      pushed.count({ ...of, outcome: refusalOf(one.error) }, one.tasks);
  });
  goflow.on('task:cancelled', ({ queue, type, effect }) => {
    // What was only asked to end is counted by its worker, when it does.
    if (effect !== 'cancelled') return;
    const isKnown = type !== undefined;
    cancelled.count(isKnown ? queues.of(queue) : OTHER, isKnown ? types.of(type) : OTHER);
  });
}

function metricsIn(options: ClientMetricsOptions): PushMetrics {
  checkKnown('createClientMetrics options', options, ['register', 'maxTypes', 'maxQueues']);
  const { register } = options;
  if (typeof register?.registerMetric !== 'function')
    throw invalidOption('register', "a Registry of prom-client's", register);
  const maxTypes = checkMaxLabels('maxTypes', options.maxTypes);
  const maxQueues = checkMaxLabels('maxQueues', options.maxQueues);
  const there = added.get(register);
  if (there) return there;
  const metrics = {
    pushed: new TaskCounter(register, METRICS.pushed),
    push: new DurationHistogram(register, METRICS.push),
    cancelled: new CancelCounter(register),
    types: new CappedLabels({ max: maxTypes }),
    queues: new CappedLabels({ max: maxQueues }),
    clients: new WeakSet<PushEventSource>(),
  };
  added.set(register, metrics);
  return metrics;
}

/** Counts by queue and type what was cancelled. */
class CancelCounter {
  readonly #samples = new Map<string, { readonly labels: Sample['labels']; value: number }>();

  constructor(register: MetricRegistry) {
    addComputed(register, METRICS.cancelled, () => [...this.#samples.values()]);
  }

  count(queue: string, type: string): void {
    const key = `${queue}\n${type}`;
    const sample = this.#samples.get(key) ?? { labels: { queue, type }, value: 0 };
    sample.value += 1;
    this.#samples.set(key, sample);
  }
}

/** Of many, some may be in: those are counted where they arrive. */
function errorsIn(error: unknown, tasks: number): { error: unknown; tasks: number }[] {
  if (!(error instanceof PushIncompleteError)) return [{ error, tasks }];
  return error.outcomes.flatMap((outcome) =>
    outcome.pushed ? [] : [{ error: outcome.error, tasks: 1 }],
  );
}
