import { type AuditRecord, checkInteger } from '@goflow/shared';
import type { RunCommand } from '../../command.js';
import { EXIT } from '../../exit-code.js';
import { numberOf } from '../../input/given.js';
import { isoTime, withIso } from '../../terminal/iso.js';
import { spellScope } from './scope.js';

/** `goflow audit` */
export const run: RunCommand = async (_args, options, { connect, out }) => {
  const limit = checkInteger('--limit', numberOf(options, 'limit') ?? 50, [1, 1_000]);
  const { goflow } = await connect();
  const changes = await goflow.fleet.audit({ limit });
  if (out.json) {
    for (const change of changes) out.document(withIso(change, 'at'));
    return EXIT.done;
  }
  out.rows(
    changes,
    [
      { title: 'WHEN', text: ({ at }) => isoTime(at) },
      { title: 'WHO', text: ({ by }) => by },
      { title: 'WHAT', text: spellChange, least: 40 },
    ],
    'nothing was changed yet',
  );
  return EXIT.done;
};

/** One change in words. */
export function spellChange(record: AuditRecord): string {
  const { action, queue, worker, from, to } = record;
  if (action === 'queue.pause' || action === 'queue.resume')
    return `${queue}: ${action === 'queue.pause' ? 'paused' : 'resumed'}`;
  const whom = worker === undefined ? spellScope(record) : `${queue ?? 'all queues'} of ${worker}`;
  const change = `${from ?? 'none'} → ${to ?? 'none'}`;
  return `${whom}: concurrency ${change}${worker === undefined ? '' : ' (on the worker itself)'}`;
}
