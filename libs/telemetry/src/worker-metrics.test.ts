import {
  Emitter,
  type FleetExporter,
  type FleetState,
  SILENT_LOGGER,
  TASK_STATES,
  type TakenTask,
  type WorkerEvents,
} from '@goflow/shared';
import { METRICS } from '@goflow/shared/metrics';
import { until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import {
  createWorkerMetrics,
  type QueueGauges,
  type WorkerMetricsOptions,
} from './worker-metrics.js';

const typesOf = (count: number) =>
  new Map(Array.from({ length: count }, (_, n) => [`type.${n}`, { queue: 'default' }]));

function open(options: Partial<WorkerMetricsOptions> = {}) {
  const events = new Emitter<WorkerEvents>(SILENT_LOGGER);
  const metrics = createWorkerMetrics({
    events,
    queues: () => [],
    types: typesOf(1),
    loopLagMs: () => 0,
    ping: async () => undefined,
    nodeMetrics: false,
    ...options,
  });
  onTestFinished(() => metrics.close());
  const run = (type: string, code?: string, isUnspent?: true): void => {
    const queue = options.types?.get(type)?.queue ?? 'default';
    const task = { queue, type } as TakenTask;
    const failure = { name: 'Error', message: 'x', code: code ?? '' };
    events.emit('task:started', { task, waitedMs: 5 });
    const verdict =
      code === undefined
        ? ({ kind: 'completed', resultJson: undefined } as const)
        : ({ kind: 'failed', failure, ...(isUnspent && { isUnspent }) } as const);
    events.emit('task:finished', { task, verdict, runMs: 12 });
  };
  return { metrics, run };
}

const lines = async ({ metrics }: Pick<ReturnType<typeof open>, 'metrics'>, start: string) =>
  (await metrics.text()).split('\n').filter((line) => line.startsWith(start));

test('10,000 types: the first 500 that are seen have a label, the rest is other, and no more is written', async () => {
  const types = typesOf(10_000);
  const opened = open({ types });
  expect(await lines(opened, 'goflow_tasks_finished_total')).toEqual([]);
  for (const type of [...types.keys()].toReversed()) opened.run(type);
  const finished = await lines(opened, 'goflow_tasks_finished_total');
  expect(finished).toHaveLength(500 * 4 + 1);
  const of = (type: string, count: number) =>
    `goflow_tasks_finished_total{queue="default",type="${type}",outcome="completed"} ${count}`;
  expect(finished).toContain(of('type.9999', 1));
  expect(finished).toContain(of('type.9500', 1));
  expect(finished).toContain(of('other', 9_500));
  const text = await opened.metrics.text();
  expect(text.split('\n').length).toBeLessThan(32_000);
  expect(text.length).toBeLessThan(3_400_000);
});

test('metricTypes: 0 gives none a label; as many types as may have one are there from zero', async () => {
  const none = open({ maxTypes: 0 });
  none.run('type.0');
  expect(await lines(none, 'goflow_task_run_seconds_count')).toEqual([
    'goflow_task_run_seconds_count{queue="default",type="other"} 1',
  ]);
  const [first] = await lines(open(), 'goflow_tasks_finished_total');
  expect(first).toBe(
    'goflow_tasks_finished_total{queue="default",type="type.0",outcome="completed"} 0',
  );
});

test('10,000 queues: the first 500 that are seen have a label, the rest is one queue, other', async () => {
  const names = Array.from({ length: 10_000 }, (_, n) => `q${n}`);
  const types = new Map(names.map((queue, n) => [`type.${n}`, { queue }]));
  const queues = names.map((queue, n) => ({
    queue,
    concurrency: 2,
    desired: 3,
    activeTypes: [`type.${n}`],
    slots: 1,
  }));
  const state: FleetState = {
    at: 10_000,
    queues: names.map((queue, n) => ({
      queue,
      isPaused: n !== 9_000,
      counts: { ...counts, waiting: n === 9_999 ? 1 : 0 },
      oldestWaitingAt: n === 9_999 ? 1_000 : undefined,
    })),
    workers: [
      { state: 'running', queues: { q0: { concurrency: 1 }, q9999: { concurrency: 1 } } } as never,
    ],
    servers: [],
  };
  const exporter = exporterOf(async () => state);
  const opened = open({ types, queues: () => queues, exporter });
  for (const type of types.keys()) opened.run(type, 'HANDLER_FAILED');
  opened.metrics.countBusy(1_000);
  const text = await opened.metrics.text();
  const labels = new Set([...text.matchAll(/queue="([^"]*)"/g)].map(([, queue]) => queue));
  expect(labels.size).toBe(501);
  const all = text.split('\n').filter((line) => line !== '');
  expect(new Set(all).size).toBe(all.length);
  expect(all).toEqual(
    expect.arrayContaining([
      'goflow_worker_concurrency{queue="q499"} 2',
      'goflow_worker_concurrency{queue="other"} 19000',
      'goflow_worker_busy_seconds_total{queue="other"} 9500',
      'goflow_queue_tasks{queue="q499",state="failed"} 1',
      'goflow_queue_tasks{queue="other",state="failed"} 9500',
      'goflow_queue_oldest_waiting_seconds{queue="other"} 9',
      'goflow_queue_paused{queue="q499"} 1',
      'goflow_queue_paused{queue="other"} 0',
      'goflow_queue_workers{queue="q0"} 1',
      'goflow_queue_workers{queue="q1"} 0',
      'goflow_queue_workers{queue="other"} 1',
    ]),
  );
  const idle = { ...state, queues: state.queues.slice(0, 9_999) };
  const other = open({ exporter: exporterOf(async () => idle), maxQueues: 0 });
  expect(await lines(other, 'goflow_queue_workers')).toEqual([
    'goflow_queue_workers{queue="other"} 0',
  ]);
});

test.each([
  ['HANDLER_FAILED', 'handler-error'],
  ['ECONNREFUSED', 'handler-error'],
  ['TASK_TIMEOUT', 'timeout'],
  ['TASK_DEADLINE', 'deadline'],
  ['PAYLOAD_INVALID', 'payload-invalid'],
  ['RESULT_TOO_LARGE', 'result-invalid'],
  ['HANDLER_MISSING', 'unroutable'],
  ['TASK_POISON', 'poison'],
  ['INTERNAL', 'other'],
  ['constructor', 'handler-error'],
])('a failure with the code %s is counted as %s', async (code, reason) => {
  const opened = open();
  opened.run('type.0', code);
  const labels = `queue="default",type="type.0",outcome="failed",reason="${reason}"`;
  expect(await lines(opened, 'goflow_task_failures_total')).toContain(
    `goflow_task_failures_total{${labels}} 1`,
  );
});

test('failures that any type may have, and hand-backs, are there from zero: a rate sees the first', async () => {
  const opened = open();
  const before = await lines(opened, 'goflow_task');
  opened.run('type.0', 'TASK_TIMEOUT');
  const after = (await lines(opened, 'goflow_task')).filter((line) => line.includes('timeout'));
  const labels = (outcome: string) =>
    `goflow_task_failures_total{queue="default",type="type.0",outcome="${outcome}",reason="timeout"}`;
  expect(before).toEqual(expect.arrayContaining([`${labels('retry')} 0`, `${labels('failed')} 0`]));
  expect(after).toEqual([`${labels('retry')} 0`, `${labels('failed')} 1`]);
  expect(before).toContain(
    'goflow_tasks_handed_back_total{queue="default",reason="handler-missing"} 0',
  );
});

test('what ended before its handler began is counted, and has no time that it ran', async () => {
  const opened = open();
  opened.run('type.0');
  opened.run('type.0', 'TASK_EXPIRED', true);
  const labels = 'queue="default",type="type.0"';
  expect(await lines(opened, 'goflow_task_run_seconds_count')).toEqual([
    `goflow_task_run_seconds_count{${labels}} 1`,
  ]);
  expect(await lines(opened, 'goflow_task_failures_total')).toContain(
    `goflow_task_failures_total{${labels},outcome="failed",reason="expired"} 1`,
  );
});

test('a quantile tells tasks of a millisecond from tasks of two, and of an hour from those of half of one', () => {
  const bounds = METRICS.run.buckets ?? [];
  const between = (less: number, more: number) =>
    bounds.some((bound) => bound >= less && bound < more);
  expect([between(0.001, 0.002), between(1_800, 3_600), between(3_600, 7_201)]).toEqual([
    true,
    true,
    true,
  ]);
  expect(METRICS.wait.buckets).toEqual(bounds);
});

test('the time that slots are in use is counted, and the tasks that run by type', async () => {
  const queue: QueueGauges = {
    queue: 'default',
    concurrency: 4,
    desired: 4,
    activeTypes: ['type.0', 'type.0', 'made up'],
    slots: 2,
  };
  const opened = open({ queues: () => [queue], loopLagMs: () => 1_500 });
  opened.metrics.countBusy(100);
  opened.metrics.countBusy(150);
  expect(await lines(opened, 'goflow_worker_')).toEqual([
    'goflow_worker_concurrency{queue="default"} 4',
    'goflow_worker_desired_concurrency{queue="default"} 4',
    'goflow_worker_event_loop_lag_seconds 1.5',
    'goflow_worker_busy_seconds_total{queue="default"} 0.5',
  ]);
  expect(await lines(opened, 'goflow_tasks_active')).toEqual([
    'goflow_tasks_active{queue="default",type="type.0"} 2',
    'goflow_tasks_active{queue="default",type="other"} 1',
  ]);
});

const counts = Object.fromEntries(
  TASK_STATES.map((state) => [state, 1]),
) as FleetState['queues'][0]['counts'];
const STATE: FleetState = {
  at: 10_000,
  queues: [{ queue: 'images', isPaused: true, counts, oldestWaitingAt: 4_000 }],
  workers: [
    { name: 'no queues, no state', seenAt: 1, types: [] } as never,
    { name: 'odd', seenAt: 1, types: [], state: 'running', queues: { images: null } } as never,
  ],
  servers: [{ name: 'a "name"\n', usedBytes: 7, evicts: true }],
};

/** One that is elected, and tells what it is given. */
const exporterOf = (look: FleetExporter['look']): FleetExporter => ({
  isElected: true,
  claim: async () => true,
  look,
  resign: async () => undefined,
});

test('what is true of all queues: ages, pauses, and what Redis says, however odd its words', async () => {
  const opened = open({ exporter: exporterOf(async () => STATE) });
  const text = (await opened.metrics.text()).split('\n');
  expect(text).toEqual(
    expect.arrayContaining([
      'goflow_exporter_elected 1',
      'goflow_queue_tasks{queue="images",state="failed"} 1',
      'goflow_queue_oldest_waiting_seconds{queue="images"} 6',
      'goflow_queue_paused{queue="images"} 1',
      'goflow_queue_workers{queue="images"} 0',
      'goflow_redis_memory_used_bytes{node="a \\"name\\"\\n"} 7',
      'goflow_redis_evicts_keys{node="a \\"name\\"\\n"} 1',
    ]),
  );
  expect(text.filter((line) => line.startsWith('goflow_redis_clients'))).toEqual([]);
});

test('a look that takes too long is left out, and shown by the next scrape; one that fails is not', async () => {
  let answer: ((state: FleetState) => void) | undefined;
  const slow = open({
    exporter: exporterOf(() => new Promise((resolve) => (answer = resolve))),
  });
  const begunAt = performance.now();
  expect(await lines(slow, 'goflow_queue_paused')).toEqual([]);
  expect(performance.now() - begunAt).toBeLessThan(2_000);
  answer?.(STATE);
  await until(async () => (await lines(slow, 'goflow_queue_paused')).length === 1, {
    what: 'it to be shown',
  });
  const failing = open({ exporter: exporterOf(() => Promise.reject(new Error('x'))) });
  expect(await lines(failing, 'goflow_queue_paused')).toEqual([]);
  expect(await lines(failing, 'goflow_exporter_elected')).toEqual(['goflow_exporter_elected 1']);
});

test('who is elected no more, or whose next look fails, shows nothing of before', async () => {
  let [isElected, fails] = [true, false];
  const exporter: FleetExporter = {
    get isElected() {
      return isElected;
    },
    claim: async () => true,
    look: () => (fails ? Promise.reject(new Error('x')) : Promise.resolve(STATE)),
    resign: async () => undefined,
  };
  const opened = open({ exporter });
  const look = async () => {
    const [elected] = await lines(opened, 'goflow_exporter_elected');
    return `${elected} ${(await lines(opened, 'goflow_queue_paused')).length}`;
  };
  expect(await look()).toBe('goflow_exporter_elected 1 1');
  isElected = false;
  await until(async () => (await look()) === 'goflow_exporter_elected 0 0', { what: 'nothing' });
  [isElected, fails] = [true, true];
  await until(async () => (await look()).startsWith('goflow_exporter_elected 1'), { what: 'it' });
  expect(await look()).toBe('goflow_exporter_elected 1 0');
});
