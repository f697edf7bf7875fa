import type { TaskSummary } from '@goflow/sdk';
import type { RunCommand } from '../../command.js';
import type { TableColumn } from '../../terminal/table.js';
import { ago } from '../../terminal/times.js';
import { failureLine } from '../task/outcome.js';
import { checkQueueOf, filterOf, listTasks } from '../task/task-filter.js';

/** `goflow dead list` */
export const run: RunCommand = async (_args, options, context) => {
  const { broker, reading } = await context.connect();
  const filter = filterOf(options, broker.clock.now());
  await checkQueueOf(filter, broker);
  const { deadLetters } = (await reading()).inspector;
  return listTasks(options, context, {
    read: (cursor, limit) => deadLetters.list(filter, cursor, limit),
    columns: columnsAt(broker.clock.now()),
    empty: 'no dead letters',
  });
};

const columnsAt = (now: number): readonly TableColumn<TaskSummary>[] => [
  { title: 'ID', text: ({ id }) => id, least: Number.POSITIVE_INFINITY },
  { title: 'TYPE', text: ({ type }) => type },
  { title: 'REASON', text: ({ reason }) => reason ?? '', colour: () => 'red' },
  { title: 'FAILURE', text: ({ failure }) => (failure ? failureLine(failure) : ''), least: 24 },
  { title: 'ENDED', text: ({ finishedAt }) => ago(finishedAt, now), align: 'right' },
  { title: 'ATTEMPTS', text: ({ attempts }) => String(attempts), align: 'right' },
  { title: 'FINGERPRINT', text: ({ fingerprint }) => fingerprint ?? '' },
];
