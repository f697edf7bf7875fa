import type { QueueRecord, TaskState } from '@goflow/shared';
import type { RunCommand } from '../../command.js';
import { EXIT } from '../../exit-code.js';
import { withIso } from '../../terminal/iso.js';
import type { TableColumn } from '../../terminal/table.js';
import { age } from '../../terminal/times.js';

const OPEN_STATES = ['waiting', 'delayed', 'active'] as const;
const FINAL_STATES = ['completed', 'failed', 'cancelled', 'expired'] as const;

/** `goflow queues` */
export const run: RunCommand = async (_args, options, { connect, out }) => {
  const { broker, goflow } = await connect();
  const queues = await goflow.fleet.queues({ search: options.search === true });
  if (out.json) {
    for (const queue of queues) out.document(withIso(queue, 'oldestWaitingAt'));
    return EXIT.done;
  }
  const now = broker.clock.now();
  const counted = (state: TaskState): TableColumn<QueueRecord> => ({
    title: state.toUpperCase(),
    align: 'right',
    text: ({ counts }) => String(counts[state]),
  });
  out.rows(
    queues,
    [
      { title: 'QUEUE', text: ({ queue }) => queue, least: Number.POSITIVE_INFINITY },
      {
        title: 'STATE',
        text: ({ isPaused }) => (isPaused ? 'paused' : 'open'),
        colour: ({ isPaused }) => (isPaused ? 'yellow' : undefined),
      },
      ...OPEN_STATES.map(counted),
      // Before those that are over: a narrow terminal leaves out what stands last.
      { title: 'OLDEST', text: ({ oldestWaitingAt }) => age(oldestWaitingAt, now) },
      ...FINAL_STATES.map(counted),
    ],
    'there are no queues: nothing was pushed yet',
  );
  return EXIT.done;
};
