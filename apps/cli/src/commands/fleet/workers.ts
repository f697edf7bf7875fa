import type { WorkerInfo } from '@goflow/sdk';
import type { RunCommand } from '../../command.js';
import { EXIT } from '../../exit-code.js';
import type { Output } from '../../terminal/output.js';
import type { TableColumn } from '../../terminal/table.js';
import { ago, spell } from '../../terminal/times.js';

/** `goflow workers` */
export const run: RunCommand = async (_args, options, { connect, out }) => {
  const { broker, goflow } = await connect();
  const workers = await goflow.inspector.workers();
  showWorkers(workers, out, { now: broker.clock.now(), types: options.types === true });
  return EXIT.done;
};

/** How {@link showWorkers} shows them. */
export interface WorkersView {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly types?: boolean;
}

export function showWorkers(workers: readonly WorkerInfo[], out: Output, view: WorkersView): void {
  out.rows(workers, workerColumns(view), 'no worker is alive');
}

/** The columns of a table of workers. */
export function workerColumns({ now, types = false }: WorkersView): TableColumn<WorkerInfo>[] {
  return [
    { title: 'WORKER', text: ({ name }) => name },
    {
      title: 'STATE',
      text: ({ state }) => state,
      colour: ({ state }) => (state === 'running' ? 'green' : 'yellow'),
    },
    {
      title: 'QUEUES (RUNNING/ACTUAL OF DESIRED)',
      text: ({ queues }) => spellQueues(queues),
      least: 34,
    },
    { title: 'LABELS', text: ({ labels = {} }) => spellLabels(labels) },
    {
      title: 'LAG',
      align: 'right',
      text: ({ eventLoopLagMs }) => spell(eventLoopLagMs),
      colour: ({ eventLoopLagMs }) => (eventLoopLagMs > 1_000 ? 'red' : undefined),
    },
    { title: 'LAST TAKEN', text: ({ lastTakenAt }) => ago(lastTakenAt, now) },
    { title: 'VERSION', text: ({ version }) => version },
    ...(types ? [{ title: 'TYPES', text: (worker: WorkerInfo) => worker.types.join(', ') }] : []),
  ];
}

function spellQueues(queues: WorkerInfo['queues']): string {
  return Object.entries(queues)
    .map(([queue, { active, concurrency, desired = concurrency, isOverridden }]) => {
      const wanted = desired === concurrency ? '' : ` of ${desired}`;
      return `${queue} ${active}/${concurrency}${wanted}${isOverridden ? '*' : ''}`;
    })
    .join(', ');
}

const spellLabels = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
