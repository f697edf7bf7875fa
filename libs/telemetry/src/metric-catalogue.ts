/** What a metric is: from this its documentation, its dashboards and its alerts are made and checked. */
export interface MetricEntry {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** `1` for plain numbers. */
  readonly unit: 'tasks' | 'seconds' | '1';
  /** Never an id, a tenant or an error text: each value is a time series for ever. */
  readonly labels: readonly string[];
  readonly help: string;
}

/** Upper bounds of the histograms in seconds: from tasks of a millisecond to tasks of ten minutes. */
export const DURATION_BUCKETS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600,
];

const entry = (
  name: string,
  kind: MetricEntry['kind'],
  about: Omit<MetricEntry, 'name' | 'kind'>,
): MetricEntry => Object.freeze({ name, kind, ...about });

/** Every metric that a worker exposes, Node's own (`process_…`, `nodejs_…`) aside. */
export const METRICS = Object.freeze({
  finished: entry('goflow_tasks_finished_total', 'counter', {
    unit: 'tasks',
    labels: ['queue', 'type', 'outcome'],
    help: 'Tasks that reached their final outcome here: completed, failed, cancelled or expired.',
  }),
  retries: entry('goflow_task_retries_total', 'counter', {
    unit: 'tasks',
    labels: ['queue', 'type'],
    help: 'Attempts that failed and are tried again.',
  }),
  handedBack: entry('goflow_tasks_handed_back_total', 'counter', {
    unit: 'tasks',
    labels: ['queue', 'reason'],
    help: 'Tasks given back to their queue, no attempt spent.',
  }),
  lost: entry('goflow_task_leases_lost_total', 'counter', {
    unit: 'tasks',
    labels: ['queue'],
    help: 'Attempts whose lease was lost: another worker runs the task, the outcome here was dropped.',
  }),
  takenOver: entry('goflow_tasks_taken_over_total', 'counter', {
    unit: 'tasks',
    labels: ['queue', 'type'],
    help: 'Tasks that run again because their worker died or froze, a chunk as one: they may do a second time what was done.',
  }),
  abandoned: entry('goflow_tasks_abandoned_total', 'counter', {
    unit: 'tasks',
    labels: ['queue', 'type'],
    help: 'Attempts that timed out and whose handler goes on without a slot.',
  }),
  escaped: entry('goflow_handler_errors_escaped_total', 'counter', {
    unit: '1',
    labels: [],
    help: 'Errors that handlers threw outside their own promise.',
  }),
  run: entry('goflow_task_run_seconds', 'histogram', {
    unit: 'seconds',
    labels: ['queue', 'type'],
    help: 'How long one attempt ran.',
  }),
  wait: entry('goflow_task_wait_seconds', 'histogram', {
    unit: 'seconds',
    labels: ['queue', 'type'],
    help: 'How long a task waited for its first attempt, its delay not counted.',
  }),
  active: entry('goflow_tasks_active', 'gauge', {
    unit: 'tasks',
    labels: ['queue'],
    help: 'Tasks running in this worker now.',
  }),
  concurrency: entry('goflow_worker_concurrency', 'gauge', {
    unit: 'tasks',
    labels: ['queue'],
    help: 'Tasks that this worker runs at once at most.',
  }),
  desired: entry('goflow_worker_desired_concurrency', 'gauge', {
    unit: 'tasks',
    labels: ['queue'],
    help: 'Tasks that this worker is to run at once: as a rule of the fleet says, else as it was started. It runs others while it is set by itself, and at its bounds.',
  }),
  depth: entry('goflow_queue_tasks', 'gauge', {
    unit: 'tasks',
    labels: ['queue', 'state'],
    help: 'Tasks in the whole queue by state. Every worker says the same: use max by (queue, state), not sum.',
  }),
  rebuilt: entry('goflow_consumers_rebuilt_total', 'counter', {
    unit: '1',
    labels: ['queue'],
    help: 'Times that tasks waited, slots were free and none was taken: what takes them was rebuilt.',
  }),
  dataLosses: entry('goflow_broker_data_losses_total', 'counter', {
    unit: '1',
    labels: [],
    help: 'Times that Redis had lost its data, as this worker saw it. Every worker says the same: use max, not sum.',
  }),
  troubles: entry('goflow_broker_troubles_total', 'counter', {
    unit: '1',
    labels: [],
    help: 'Troubles with Redis: connections lost, commands refused.',
  }),
});
