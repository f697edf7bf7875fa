import type { DeadLetterGroup } from '@goflow/sdk';
import { GoflowError } from '@goflow/shared';
import type { RunCommand } from '../../command.js';
import { EXIT } from '../../exit-code.js';
import { counted } from '../../terminal/counts.js';
import { jsonText } from '../../terminal/printable.js';
import type { TableColumn } from '../../terminal/table.js';
import { ago } from '../../terminal/times.js';
import { asking, checkQueueOf, filterOf } from '../task/task-filter.js';

/** `goflow dead groups` */
export const run: RunCommand = async (_args, options, { connect, out, signal }) => {
  const { broker, reading } = await connect();
  const filter = filterOf(options, broker.clock.now());
  await checkQueueOf(filter, broker);
  const { deadLetters } = (await reading()).inspector;
  const { groups, examined, complete } = await asking(() => deadLetters.groups(filter, { signal }));
  if (signal.aborted) throw new GoflowError('WAIT_ABORTED', 'the counting was ended');
  out.rows(groups, columnsAt(broker.clock.now()), 'no dead letters');
  if (!complete)
    out.note(
      out.json
        ? jsonText({ examined, complete })
        : `(of the newest ${counted(examined)} tasks; there are more)`,
    );
  return EXIT.done;
};

const columnsAt = (now: number): readonly TableColumn<DeadLetterGroup>[] => [
  { title: 'COUNT', text: ({ count }) => counted(count), align: 'right' },
  { title: 'FINGERPRINT', text: ({ fingerprint }) => fingerprint, least: Number.POSITIVE_INFINITY },
  { title: 'TYPE', text: ({ type }) => type },
  { title: 'REASON', text: ({ reason }) => reason, colour: () => 'red' },
  { title: 'LAST', text: ({ lastAt }) => ago(lastAt, now), align: 'right' },
  { title: 'MESSAGE', text: ({ message }) => message },
];
