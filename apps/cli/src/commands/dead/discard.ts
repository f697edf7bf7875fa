import type { RunCommand } from '../../command.js';
import type { Context } from '../../context.js';
import { EXIT } from '../../exit-code.js';
import { counted } from '../../terminal/counts.js';
import { Progress } from '../../terminal/progress.js';
import type { IdOutcome } from '../task/each-id.js';
import { asking } from '../task/task-filter.js';
import { onChosen, tellReport } from './chosen.js';

/** `goflow dead discard [id...]` */
export const run: RunCommand = async (args, options, context) => {
  const { out, signal } = context;
  const progress = new Progress(out, 'removed');
  return onChosen(args, options, {
    context,
    action: {
      would: 'remove',
      one: (id) => discardOne(id, context),
      all: async (filter) => {
        const { reading } = await context.connect();
        const { deadLetters } = (await reading()).inspector;
        const report = await asking(() =>
          deadLetters.discardAll(filter, {
            signal,
            onProgress: ({ discarded }) => progress.tell({ done: discarded }),
          }),
        );
        return tellReport(report, `${counted(report.discarded)} removed`, context);
      },
    },
  });
};

async function discardOne(id: string, { connect }: Context): Promise<IdOutcome> {
  const { goflow } = await connect();
  const { found, discarded } = await goflow.inspector.deadLetters.discard(id);
  const answer = { id, found, discarded };
  if (discarded) return { answer, told: 'removed', code: EXIT.done };
  if (found === 'unknown') return { answer, told: '', code: EXIT.notFound };
  return { answer, told: `${found}, which stays as it is`, code: EXIT.failed };
}
