import type { TaskSummary } from '@goflow/sdk';
import type { RunCommand } from '../../command.js';
import type { TableColumn } from '../../terminal/table.js';
import { ago } from '../../terminal/times.js';
import { colourOf, failureLine } from './outcome.js';
import { checkQueueOf, filterOf, listTasks } from './task-filter.js';

/** `goflow list` */
export const run: RunCommand = async (_args, options, context) => {
  const { broker, reading } = await context.connect();
  const filter = filterOf(options, broker.clock.now());
  await checkQueueOf(filter, broker);
  const { inspector } = await reading();
  return listTasks(options, context, {
    read: (cursor, limit) => inspector.list(filter, cursor, limit),
    columns: columnsAt(broker.clock.now()),
    empty: 'no tasks',
  });
};

const columnsAt = (now: number): readonly TableColumn<TaskSummary>[] => [
  { title: 'ID', text: ({ id }) => id, least: Number.POSITIVE_INFINITY },
  { title: 'STATE', text: ({ status }) => status, colour: ({ status }) => colourOf(status) },
  { title: 'TYPE', text: ({ type }) => type },
  { title: 'PUSHED', text: ({ pushedAt }) => ago(pushedAt, now), align: 'right' },
  { title: 'ENDED', text: ({ finishedAt }) => ago(finishedAt, now), align: 'right' },
  { title: 'ATTEMPTS', text: ({ attempts }) => String(attempts), align: 'right' },
  { title: 'TAGS', text: ({ tags }) => tags.join(' ') },
  { title: 'FAILURE', text: ({ failure }) => (failure ? failureLine(failure) : '') },
];
