import type { RunCommand } from '../../command.js';
import { EXIT } from '../../exit-code.js';
import { withIso } from '../../terminal/iso.js';
import { ago } from '../../terminal/times.js';

/** `goflow queues` */
export const run: RunCommand = async (_args, _options, { connect, out }) => {
  const { broker, goflow } = await connect();
  const queues = await goflow.fleet.queues();
  if (out.json) {
    for (const queue of queues) out.document(withIso(queue, 'oldestWaitingAt'));
    return EXIT.done;
  }
  const now = broker.clock.now();
  const columns = ['waiting', 'delayed', 'active', 'completed', 'failed', 'cancelled', 'expired'];
  out.rows(
    queues,
    [
      { title: 'QUEUE', text: ({ queue }) => queue },
      {
        title: 'STATE',
        text: ({ isPaused }) => (isPaused ? 'paused' : 'open'),
        colour: ({ isPaused }) => (isPaused ? 'yellow' : undefined),
      },
      ...columns.map((state) => ({
        title: state.toUpperCase(),
        align: 'right' as const,
        text: ({ counts }: (typeof queues)[number]) => String(counts[state as 'waiting']),
      })),
      { title: 'OLDEST WAITS SINCE', text: ({ oldestWaitingAt }) => ago(oldestWaitingAt, now) },
    ],
    'there are no queues: nothing was pushed yet',
  );
  return EXIT.done;
};
