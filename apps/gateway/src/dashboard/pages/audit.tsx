import type { AuditRecord } from '@goflow/sdk';
import type { VNode } from 'preact';
import type { GatewayDeps } from '../../gateway-deps.js';
import type { Page } from '../page.js';
import { visible } from '../parts/foreign.js';
import { Time } from '../parts/time.js';
import { spellScope } from './concurrency.js';

const SHOWN = 200;

/** Who changed what and when, newest first. */
export function auditPage({ goflow }: GatewayDeps): Page {
  return {
    path: '/audit',
    section: 'audit',
    show: async () => ({
      title: 'Audit',
      body: <Trail records={await goflow.fleet.audit({ limit: SHOWN })} />,
    }),
  };
}

function Trail({ records }: { records: readonly AuditRecord[] }): VNode {
  if (records.length === 0)
    return (
      <p class="empty">
        Nobody has changed anything yet. A paused queue or another concurrency will be told here,
        with who did it.
      </p>
    );
  return (
    <div class="scroll">
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
          {records.map((record) => (
            <tr>
              <td class="time">
                <Time at={record.at} />
              </td>
              <td class="long" data-label="Who">
                {visible(record.by)}
              </td>
              <td class="long">{visible(spelled(record))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What was done, in words. */
function spelled(record: AuditRecord): string {
  const { action, queue = '', worker = '', from, to } = record;
  const change = `${spellNumber(from)} → ${spellNumber(to)}`;
  switch (action) {
    case 'queue.pause':
      return `paused the queue ${queue}`;
    case 'queue.resume':
      return `resumed the queue ${queue}`;
    case 'concurrency.set':
    case 'concurrency.reset':
      return `concurrency of ${spellScope(record)}: ${change}`;
    case 'worker.override':
    case 'worker.reset':
      return `concurrency of the worker ${worker} itself, ${queue || 'every queue'}: ${change}`;
  }
}

const spellNumber = (concurrency: number | undefined): string =>
  concurrency === undefined ? 'none' : String(concurrency);
