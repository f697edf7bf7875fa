// What each task type does: how much, how long, and why it fails.
import { board } from './board.mjs';
import { failureRatio, QT, quantile, rate } from './expressions.mjs';
import { LIMITS } from './limits.mjs';
import { graph } from './panel.mjs';

const RUN = `goflow_task_run_seconds_bucket{${QT}}`;
const WAIT = `goflow_task_wait_seconds_bucket{${QT}}`;

const HOW_MUCH = [
  graph({
    title: 'Finished',
    says: 'By type and outcome.',
    unit: 'cps',
    lines: [[rate(`goflow_tasks_finished_total{${QT}}`, 'type, outcome'), '{{type}} {{outcome}}']],
  }),
  graph({
    title: 'Pushed',
    says: 'By type and outcome, of clients that call createClientMetrics. More than is finished: the queue grows.',
    unit: 'cps',
    lines: [[rate(`goflow_tasks_pushed_total{${QT}}`, 'type, outcome'), '{{type}} {{outcome}}']],
  }),
  graph({
    title: 'Running now',
    says: 'Tasks that run, by type: what takes the slots.',
    isStacked: true,
    lines: [[`sum by (type) (goflow_tasks_active{${QT}})`, '{{type}}']],
  }),
  graph({
    title: 'Work',
    says: 'Seconds of run time a second, by type: how many slots each type needs. Where the sum comes near the concurrency, tasks wait.',
    isStacked: true,
    lines: [[rate(`goflow_task_run_seconds_sum{${QT}}`, 'type'), '{{type}}']],
  }),
];

const HOW_LONG = [
  graph({
    title: 'Run time',
    says: 'Of one attempt. p99 far above p50: some payloads take long, or what the handler calls is slow. A timeout bounds it.',
    unit: 's',
    lines: [
      [quantile(0.5, RUN, 'type'), '{{type}} p50'],
      [quantile(0.95, RUN, 'type'), '{{type}} p95'],
      [quantile(0.99, RUN, 'type'), '{{type}} p99'],
    ],
  }),
  graph({
    title: 'Waiting time',
    says: 'From when a task could run until its first attempt. Long with slots in use: more workers; a type that may not wait gets a queue of its own.',
    unit: 's',
    lines: [
      [quantile(0.5, WAIT, 'type'), '{{type}} p50'],
      [quantile(0.95, WAIT, 'type'), '{{type}} p95'],
      [quantile(0.99, WAIT, 'type'), '{{type}} p99'],
    ],
  }),
  graph({
    title: 'Time of a push',
    says: 'Of one call, in the client, by type. Slow for one type only: large payloads.',
    unit: 's',
    lines: [[quantile(0.95, `goflow_push_seconds_bucket{${QT}}`, 'type'), '{{type}} p95']],
  }),
];

const FAILURES = [
  graph({
    title: 'Failure ratio',
    says: 'Of the tasks that ended, how many failed for good or expired. Above the line an alert fires: see the reasons beside, and goflow dead list.',
    unit: 'percentunit',
    limit: LIMITS.GoflowFailureRatioHigh,
    lines: [[failureRatio('type'), '{{type}}']],
  }),
  graph({
    title: 'Reasons',
    says: 'Attempts that did not complete, by what became of the task and why. docs/metrics.md lists the reasons; expired and deadline: too few workers.',
    unit: 'cps',
    lines: [
      [
        rate(`goflow_task_failures_total{${QT}}`, 'type, outcome, reason'),
        '{{type}} {{outcome}} {{reason}}',
      ],
    ],
  }),
  graph({
    title: 'Retries',
    says: 'Attempts that failed and are tried again. Many while few fail for good: something that handlers call is flaky.',
    unit: 'cps',
    lines: [[rate(`goflow_task_retries_total{${QT}}`, 'type'), '{{type}}']],
  }),
  graph({
    title: 'Run again, and abandoned',
    says: 'Taken over: their worker died or froze, and effects may be there twice. Abandoned: the handler goes on after its timeout, and does not heed ctx.signal.',
    unit: 'cps',
    lines: [
      [rate(`goflow_tasks_taken_over_total{${QT}}`, 'type'), '{{type}} taken over'],
      [rate(`goflow_tasks_abandoned_total{${QT}}`, 'type'), '{{type}} abandoned'],
    ],
  }),
];

export const taskTypes = () =>
  board({
    uid: 'goflow-types',
    title: 'goflow types',
    says: 'What each task type does: how much, how long, and why it fails.',
    variables: ['queue', 'type'],
    page: '/dead-letters',
    rows: [
      ['How much', HOW_MUCH],
      ['How long', HOW_LONG],
      ['What fails', FAILURES],
    ],
  });
