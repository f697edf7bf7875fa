import { checkInteger } from '@goflow/shared';
import type { RunCommand } from '../../command.js';
import { numberOf } from '../../input/given.js';
import { counted } from '../../terminal/counts.js';
import { Progress } from '../../terminal/progress.js';
import { redriveOne } from '../task/redrive-one.js';
import { asking } from '../task/task-filter.js';
import { onChosen, tellReport } from './chosen.js';

const RATES = [1, 100_000] as const;

/** `goflow dead redrive [id...]` */
export const run: RunCommand = async (args, options, context) => {
  const rate = numberOf(options, 'rate');
  if (rate !== undefined) checkInteger('--rate', rate, RATES);
  const { out, signal } = context;
  const progress = new Progress(out, 'put back');
  return onChosen(args, options, {
    context,
    action: {
      would: 'put back',
      one: (id) => redriveOne(id, {}, context),
      all: async (filter) => {
        const { reading } = await context.connect();
        const { deadLetters } = (await reading()).inspector;
        const report = await asking(() =>
          deadLetters.redriveAll(filter, {
            signal,
            ...(rate === undefined ? {} : { rate }),
            onProgress: ({ redriven }) => progress.tell({ done: redriven }),
          }),
        );
        return tellReport(report, `${counted(report.redriven)} back in their queues`, context);
      },
    },
  });
};
