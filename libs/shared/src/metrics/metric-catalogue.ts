/** What a metric is: from this its documentation, its dashboards and its alerts are made and checked. */
export interface MetricEntry {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** `1` for plain numbers. */
  readonly unit:
    | 'tasks'
    | 'seconds'
    | 'bytes'
    | 'workers'
    | 'connections'
    | 'keys'
    | 'requests'
    | 'streams'
    | '1';
  /**
   * Who shows it. `worker`: each worker, of itself. `exporter`: of all queues, by the one process that was elected. `process`: each that can be
   * elected. `client`: each client that `createClientMetrics` was called for. `gateway`: each gateway, of itself.
   */
  readonly from: 'worker' | 'exporter' | 'process' | 'client' | 'gateway';
  /** Never an id, a tenant or an error text: each value is a time series for ever. */
  readonly labels: readonly string[];
  readonly help: string;
  /** Of a histogram: its upper bounds. */
  readonly buckets?: readonly number[];
}

/** Upper bounds of the histograms of tasks in seconds: from a millisecond to two hours. Every quantile tells what is longer as the last one. */
export const DURATION_BUCKETS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600, 1_800,
  3_600, 7_200,
];

/** Upper bounds of the histograms of calls of Redis, in seconds: from 100 µs to 5 s. */
export const CALL_BUCKETS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
];

/** Why an attempt did not complete: the values of the label `reason` of `goflow_task_failures_total`. */
export const FAILURE_REASONS = Object.freeze([
  'handler-error',
  'non-retryable',
  'retry-later',
  'timeout',
  'deadline',
  'expired',
  'cancelled',
  'payload-invalid',
  'result-invalid',
  'unroutable',
  'unreadable',
  'stalled',
  'poison',
  'other',
] as const);

/** What became of a push: the values of the label `outcome` of `goflow_tasks_pushed_total`. */
export const PUSH_OUTCOMES = Object.freeze([
  'accepted',
  'deduplicated',
  'invalid',
  'full',
  'unhandled',
  'unavailable',
  'other',
] as const);

/** What stands for all types, and all queues, that have no label of their own. */
export const OTHER = 'other';

const entry = (
  name: string,
  kind: MetricEntry['kind'],
  about: Omit<MetricEntry, 'name' | 'kind' | 'from'>,
): Omit<MetricEntry, 'from'> => ({ name, kind, ...about });

type Group = Readonly<Record<string, Omit<MetricEntry, 'from'>>>;

function shownBy<G extends Group>(
  from: MetricEntry['from'],
  group: G,
): { readonly [K in keyof G]: MetricEntry } {
  const named = Object.entries(group).map(([key, one]) => [key, Object.freeze({ ...one, from })]);
  return Object.fromEntries(named) as { readonly [K in keyof G]: MetricEntry };
}

const WORKER = shownBy('worker', {
  finished: entry('goflow_tasks_finished_total', 'counter', {
    unit: 'tasks',
    labels: ['queue', 'type', 'outcome'],
    help: 'Tasks that reached their final outcome here: completed, failed, cancelled or expired. Those that were cancelled while they waited are in goflow_tasks_cancelled_total.',
  }),
  failures: entry('goflow_task_failures_total', 'counter', {
    unit: 'tasks',
    labels: ['queue', 'type', 'outcome', 'reason'],
    help: 'Attempts that did not complete, by what became of the task (retry, failed, cancelled, expired) and why.',
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
    help: 'Attempts that timed out and whose handler still went on a second later, without a slot: it does not heed ctx.signal.',
  }),
  escaped: entry('goflow_handler_errors_escaped_total', 'counter', {
    unit: '1',
    labels: [],
    help: 'Errors that handlers threw outside their own promise.',
  }),
  run: entry('goflow_task_run_seconds', 'histogram', {
    unit: 'seconds',
    labels: ['queue', 'type'],
    help: 'How long one attempt ran; what ended before its handler began has none.',
    buckets: DURATION_BUCKETS,
  }),
  wait: entry('goflow_task_wait_seconds', 'histogram', {
    unit: 'seconds',
    labels: ['queue', 'type'],
    help: 'How long a task waited until it was started first, its delay not counted.',
    buckets: DURATION_BUCKETS,
  }),
  active: entry('goflow_tasks_active', 'gauge', {
    unit: 'tasks',
    labels: ['queue', 'type'],
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
  busy: entry('goflow_worker_busy_seconds_total', 'counter', {
    unit: 'seconds',
    labels: ['queue'],
    help: 'Time that slots were in use, summed over all slots. Its rate, divided by the concurrency, is the utilisation: 0 to 1.',
  }),
  loopLag: entry('goflow_worker_event_loop_lag_seconds', 'gauge', {
    unit: 'seconds',
    labels: [],
    help: 'How late the event loop was at most in the last minute.',
  }),
  rebuilt: entry('goflow_consumers_rebuilt_total', 'counter', {
    unit: '1',
    labels: ['queue'],
    help: 'Times that tasks waited, slots were free and none was taken: what takes them was rebuilt.',
  }),
  roundTrip: entry('goflow_broker_round_trip_seconds', 'histogram', {
    unit: 'seconds',
    labels: [],
    help: 'How long Redis took to answer a sign of life, one every 4 s.',
    buckets: CALL_BUCKETS,
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

const PROCESS = shownBy('process', {
  up: entry('goflow_broker_up', 'gauge', {
    unit: '1',
    labels: [],
    help: '1 when Redis answered this scrape within a second, else 0.',
  }),
  elected: entry('goflow_exporter_elected', 'gauge', {
    unit: '1',
    labels: [],
    help: '1 in the one process that shows what is true of all queues, 0 in the others.',
  }),
});

const EXPORTER = shownBy('exporter', {
  depth: entry('goflow_queue_tasks', 'gauge', {
    unit: 'tasks',
    labels: ['queue', 'state'],
    help: 'Tasks in the whole queue by state. Dead letters are failed and expired.',
  }),
  oldest: entry('goflow_queue_oldest_waiting_seconds', 'gauge', {
    unit: 'seconds',
    labels: ['queue'],
    help: 'For how long the task waits that waits longest, its delay not counted; 0 when none waits.',
  }),
  paused: entry('goflow_queue_paused', 'gauge', {
    unit: '1',
    labels: ['queue'],
    help: '1 when the queue is paused, else 0.',
  }),
  queueWorkers: entry('goflow_queue_workers', 'gauge', {
    unit: 'workers',
    labels: ['queue'],
    help: 'Live workers that take from the queue: running, with a concurrency above 0.',
  }),
  workers: entry('goflow_fleet_workers', 'gauge', {
    unit: 'workers',
    labels: ['state'],
    help: 'Live workers by state: starting, running, quiet or stopping.',
  }),
  redisMemory: entry('goflow_redis_memory_used_bytes', 'gauge', {
    unit: 'bytes',
    labels: ['node'],
    help: 'Memory that Redis uses, by server: one, or the masters of a Redis Cluster.',
  }),
  redisMaxMemory: entry('goflow_redis_memory_max_bytes', 'gauge', {
    unit: 'bytes',
    labels: ['node'],
    help: 'Memory that Redis may use (maxmemory); 0: no limit.',
  }),
  redisClients: entry('goflow_redis_clients', 'gauge', {
    unit: 'connections',
    labels: ['node'],
    help: 'Connections to Redis.',
  }),
  redisMaxClients: entry('goflow_redis_clients_max', 'gauge', {
    unit: 'connections',
    labels: ['node'],
    help: 'Connections that Redis allows (maxclients); not shown before Redis 7.',
  }),
  redisEvicts: entry('goflow_redis_evicts_keys', 'gauge', {
    unit: '1',
    labels: ['node'],
    help: '1 when Redis may drop keys to make room (maxmemory-policy is not noeviction), and tasks with them; else 0.',
  }),
  redisEvicted: entry('goflow_redis_evicted_keys_total', 'counter', {
    unit: 'keys',
    labels: ['node'],
    help: 'Keys that Redis has dropped to make room, since it was started.',
  }),
});

const CLIENT = shownBy('client', {
  pushed: entry('goflow_tasks_pushed_total', 'counter', {
    unit: 'tasks',
    labels: ['queue', 'type', 'outcome'],
    help: 'Tasks that were pushed, by what became of that: accepted, deduplicated; or refused, as invalid, full (a queue, or the client), unhandled, unavailable (Redis) or other.',
  }),
  push: entry('goflow_push_seconds', 'histogram', {
    unit: 'seconds',
    labels: ['queue', 'type'],
    help: 'How long one call of push, pushOnce or pushMany took, or one item of a map; refused ones too.',
    buckets: CALL_BUCKETS,
  }),
  cancelled: entry('goflow_tasks_cancelled_total', 'counter', {
    unit: 'tasks',
    labels: ['queue', 'type'],
    help: 'Tasks that were cancelled while they waited, by who cancelled them. Those that ran then are counted by their worker.',
  }),
});

const GATEWAY = shownBy('gateway', {
  requests: entry('goflow_http_requests_total', 'counter', {
    unit: 'requests',
    labels: ['method', 'route', 'status'],
    help: 'Requests that are over, by the pattern of their path, such as /tasks/:id/result. Status 499: the client went away before the answer.',
  }),
  request: entry('goflow_http_request_seconds', 'histogram', {
    unit: 'seconds',
    labels: ['method', 'route'],
    help: 'How long requests took, to the last byte of the answer; waits for results and streams as long as they were open.',
    buckets: DURATION_BUCKETS,
  }),
  streams: entry('goflow_http_event_streams', 'gauge', {
    unit: 'streams',
    labels: ['of'],
    help: 'Streams of events that are open: of tasks, and of pages that people look at.',
  }),
});

/** Every metric of goflow, Node's own (`process_…`, `nodejs_…`) aside. */
export const METRICS = Object.freeze({ ...WORKER, ...PROCESS, ...EXPORTER, ...CLIENT, ...GATEWAY });
