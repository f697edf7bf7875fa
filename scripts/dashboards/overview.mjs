// Is all well? The first dashboard that one looks at.
import { board } from './board.mjs';
import { failureRatio, MEMORY_RATIO, Q, QT, quantile, rate, utilisation } from './expressions.mjs';
import { LIMITS } from './limits.mjs';
import { figure, graph } from './panel.mjs';

const NOW = [
  figure({
    title: 'Alerts',
    says: 'Alerts of goflow that fire now. Each names a section of docs/alerts.md that says what to do. 0 also where the rules are not loaded.',
    expr: 'count(ALERTS{alertname=~"Goflow.+",alertstate="firing"}) or vector(0)',
    limit: 1,
  }),
  figure({
    title: 'Workers',
    says: 'Live workers that take tasks. None: nothing runs, start some.',
    expr: 'sum(max by (state) (goflow_fleet_workers{state="running"}))',
    below: 1,
  }),
  figure({
    title: 'Finished',
    says: 'Tasks a second that reached their end, however they ended.',
    unit: 'cps',
    expr: rate(`goflow_tasks_finished_total{${QT}}`),
  }),
  figure({
    title: 'Failure ratio',
    says: 'Of the tasks that ended, how many failed for good or expired. High: see by type and reason in “goflow types”.',
    unit: 'percentunit',
    expr: `${failureRatio()} or vector(0)`,
    limit: LIMITS.GoflowFailureRatioHigh,
  }),
  figure({
    title: 'Waiting',
    says: 'Tasks that could run now, had a worker a free slot for them.',
    expr: `sum(max by (queue) (goflow_queue_tasks{${Q},state="waiting"}))`,
  }),
  figure({
    title: 'Oldest waits',
    says: 'For how long the task waits that waits longest. Too long: more workers, or more concurrency; see whether the queue is paused.',
    unit: 's',
    expr: `max(goflow_queue_oldest_waiting_seconds{${Q}})`,
    limit: LIMITS.GoflowOldestTaskTooOld,
  }),
  figure({
    title: 'Dead letters',
    says: 'Tasks that failed for good or expired, and are kept. Look at why, then redrive or discard them: goflow dead list.',
    expr: `sum(max by (queue, state) (goflow_queue_tasks{${Q},state=~"failed|expired"}))`,
  }),
  figure({
    title: 'Redis memory',
    says: 'Of the memory that Redis may use. Full, it refuses every push. 0 where it has no limit.',
    unit: 'percentunit',
    expr: `max(${MEMORY_RATIO}) or vector(0)`,
    warn: LIMITS.GoflowRedisMemoryHigh,
    limit: LIMITS.GoflowRedisMemoryFull,
  }),
];

const QUEUES = [
  graph({
    title: 'Tasks that are not finished',
    says: 'By queue and state. Waiting that grows: more is pushed than workers can run. Delayed ones wait for their time, or for their next attempt.',
    lines: [
      [
        `max by (queue, state) (goflow_queue_tasks{${Q},state=~"waiting|delayed|active"})`,
        '{{queue}} {{state}}',
      ],
    ],
  }),
  graph({
    title: 'Oldest waiting task',
    says: 'By queue. What users feel: above the line an alert fires. More workers, or more concurrency; or the queue is paused.',
    unit: 's',
    limit: LIMITS.GoflowOldestTaskTooOld,
    lines: [[`max by (queue) (goflow_queue_oldest_waiting_seconds{${Q}})`, '{{queue}}']],
  }),
  graph({
    title: 'Finished',
    says: 'By queue and outcome. Failed and expired ones are dead letters: expired means too few workers. What was cancelled while it waited is told by who cancelled it: gateways, and clients that call createClientMetrics.',
    unit: 'cps',
    isStacked: true,
    lines: [
      [rate(`goflow_tasks_finished_total{${QT}}`, 'queue, outcome'), '{{queue}} {{outcome}}'],
      [rate(`goflow_tasks_cancelled_total{${QT}}`, 'queue'), '{{queue}} cancelled, waiting'],
    ],
  }),
  graph({
    title: 'Slots in use',
    says: 'By queue. Near 100 % while tasks wait: more workers or concurrency. Low while tasks wait: a pause, or nobody takes.',
    unit: 'percentunit',
    max: 1,
    lines: [[utilisation(Q, 'queue'), '{{queue}}']],
  }),
  graph({
    title: 'Who takes',
    says: 'Workers that take from each queue, and queues that are paused (1). A queue of none and with tasks has an alert: start a worker that has its handlers, or raise its concurrency.',
    lines: [
      [`max by (queue) (goflow_queue_workers{${Q}})`, '{{queue}} workers'],
      [`max by (queue) (goflow_queue_paused{${Q}})`, '{{queue}} paused'],
    ],
  }),
  graph({
    title: 'Kept after their end',
    says: 'By queue and state, until their retention is over. Failed and expired ones are the dead letters.',
    lines: [
      [
        `max by (queue, state) (goflow_queue_tasks{${Q},state=~"completed|failed|cancelled|expired"})`,
        '{{queue}} {{state}}',
      ],
    ],
  }),
];

const PUSHES = [
  graph({
    title: 'Pushed',
    says: 'By outcome, of clients that call createClientMetrics. Full: too few workers. Unavailable: Redis is away. Invalid: a defect of who pushes.',
    unit: 'cps',
    isStacked: true,
    lines: [[rate(`goflow_tasks_pushed_total{${QT}}`, 'outcome'), '{{outcome}}']],
  }),
  graph({
    title: 'Time of a push',
    says: 'Of one call, in the client. Slow: see “goflow Redis”.',
    unit: 's',
    lines: [
      [quantile(0.5, `goflow_push_seconds_bucket{${QT}}`), 'p50'],
      [quantile(0.99, `goflow_push_seconds_bucket{${QT}}`), 'p99'],
    ],
  }),
];

export const overview = () =>
  board({
    uid: 'goflow-overview',
    title: 'goflow overview',
    says: 'Is all well? Queues, what goes in and what comes out.',
    variables: ['queue', 'type'],
    page: '',
    rows: [
      ['Now', NOW],
      ['Queues', QUEUES],
      ['What is pushed', PUSHES],
    ],
  });
