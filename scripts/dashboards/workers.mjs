// How the processes are: what they run, and what keeps them from it.
import { board } from './board.mjs';
import { I, Q, rate, utilisation } from './expressions.mjs';
import { graph } from './panel.mjs';

const QI = `${Q},${I}`;

const WORK = [
  graph({
    title: 'Workers',
    says: 'Live workers of the whole fleet by state; the sum of the processes that tell of all queues is 1, and 0 for some seconds after one died.',
    lines: [
      ['max by (state) (goflow_fleet_workers)', '{{state}}'],
      ['sum(goflow_exporter_elected)', 'exporters'],
    ],
  }),
  graph({
    title: 'Finished',
    says: 'Tasks that ended, by worker. One that stays behind is slow, or takes nothing: look at its slots and its event loop.',
    unit: 'cps',
    lines: [[rate(`goflow_tasks_finished_total{${QI}}`, 'instance'), '{{instance}}']],
  }),
  graph({
    title: 'Slots in use',
    says: 'By worker, over the last minutes. All near 100 %: more workers or concurrency.',
    unit: 'percentunit',
    max: 1,
    lines: [[utilisation(QI, 'instance'), '{{instance}}']],
  }),
  graph({
    title: 'Running, and concurrency',
    says: 'Desired is what a rule of the fleet, or the worker’s start, wants. Where the concurrency differs it was set on the worker itself, or is at its bounds: goflow workers.',
    lines: [
      [`sum by (instance) (goflow_tasks_active{${QI}})`, '{{instance}} running'],
      [`sum by (instance) (goflow_worker_concurrency{${QI}})`, '{{instance}} concurrency'],
      [`sum by (instance) (goflow_worker_desired_concurrency{${QI}})`, '{{instance}} desired'],
    ],
  }),
];

const TROUBLE = [
  graph({
    title: 'Handed back',
    says: 'Tasks given back to their queue, no attempt spent, by reason. handler-missing: no worker here has the type. store-away: the result store.',
    unit: 'cps',
    lines: [[rate(`goflow_tasks_handed_back_total{${QI}}`, 'reason'), '{{reason}}']],
  }),
  graph({
    title: 'Leases lost, handlers that escape',
    says: 'Leases lost: the process froze, and another runs its task. Abandoned: a handler goes on after its timeout. Escaped: it throws outside its promise. Rebuilt: nothing was taken though tasks waited; often is a defect.',
    unit: 'cps',
    lines: [
      [rate(`goflow_task_leases_lost_total{${QI}}`, 'instance'), '{{instance}} leases lost'],
      [rate(`goflow_tasks_abandoned_total{${QI}}`, 'instance'), '{{instance}} abandoned'],
      [rate(`goflow_handler_errors_escaped_total{${I}}`, 'instance'), '{{instance}} escaped'],
      [rate(`goflow_consumers_rebuilt_total{${QI}}`, 'instance'), '{{instance}} rebuilt'],
    ],
  }),
];

const PROCESSES = [
  graph({
    title: 'Event loop',
    says: 'How late it was: at most in the last minute, and for 1 % of the time. A handler that computes for long blocks all others of its process: move it to a child process or a worker thread.',
    unit: 's',
    lines: [
      [`max by (instance) (goflow_worker_event_loop_lag_seconds{${I}})`, '{{instance}} at most'],
      [`max by (instance) (nodejs_eventloop_lag_p99_seconds{${I}})`, '{{instance}} p99'],
    ],
  }),
  graph({
    title: 'CPU',
    says: 'Cores that each process uses. Near 1 a process can do no more, whatever its concurrency: start more processes.',
    lines: [[rate(`process_cpu_seconds_total{${I}}`, 'instance'), '{{instance}}']],
  }),
  graph({
    title: 'Memory',
    says: 'Of each process, and of its JavaScript heap. What only grows is a leak, mostly in handlers.',
    unit: 'bytes',
    lines: [
      [`max by (instance) (process_resident_memory_bytes{${I}})`, '{{instance}}'],
      [`max by (instance) (nodejs_heap_size_used_bytes{${I}})`, '{{instance}} heap'],
    ],
  }),
];

export const workers = () =>
  board({
    uid: 'goflow-workers',
    title: 'goflow workers',
    says: 'How the processes are: what they run, and what keeps them from it.',
    variables: ['queue', 'instance'],
    page: '/workers',
    rows: [
      ['Work', WORK],
      ['Trouble', TROUBLE],
      ['Processes', PROCESSES],
    ],
  });
