import type { RunCommand } from '../../command.js';
import { EXIT } from '../../exit-code.js';
import { namedByFlag, textOf } from '../../input/given.js';
import { eachId, idsOf } from './each-id.js';

/** `goflow cancel <id...>` */
export const run: RunCommand = async (args, options, context) => {
  const reason = textOf(options, 'reason');
  const { goflow } = await context.connect();
  return eachId(idsOf(args), context, async (id) => {
    const { found, effect } = await goflow
      .cancel(id, reason === undefined ? {} : { reason })
      .catch((error: unknown) => {
        throw namedByFlag(error, { reason: '--reason' });
      });
    const answer = { id, found, effect };
    if (effect === 'cancelled') return { answer, told: 'cancelled', code: EXIT.done };
    if (effect === 'requested')
      return { answer, told: 'running; its worker was told to stop', code: EXIT.done };
    if (found === 'unknown') return { answer, told: '', code: EXIT.notFound };
    // Asked for twice, it is as it was asked for.
    const code = found === 'cancelled' ? EXIT.done : EXIT.failed;
    return { answer, told: `${found} before; nothing to cancel`, code };
  });
};
