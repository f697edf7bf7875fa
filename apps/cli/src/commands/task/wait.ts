import { toMs } from '@goflow/shared';
import type { RunCommand } from '../../command.js';
import { textOf, toDuration } from '../../input/given.js';
import { tellOutcome, waitFor } from './outcome.js';

/** `goflow wait <id>` */
export const run: RunCommand = async ([id = ''], options, { connect, out, signal }) => {
  const text = textOf(options, 'for');
  const ms = text === undefined ? undefined : toMs('--for', toDuration(text), { minMs: 1 });
  const connection = await connect();
  return tellOutcome(await waitFor(connection, id, { ms, signal, out }), out);
};
