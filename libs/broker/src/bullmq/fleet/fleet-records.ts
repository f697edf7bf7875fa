import type { AuditRecord, ConcurrencyRule, WorkerLabels } from '@goflow/shared';

type Fields = Readonly<Record<string, unknown>>;

const ACTIONS: readonly unknown[] = [
  'concurrency.set',
  'concurrency.reset',
  'queue.pause',
  'queue.resume',
  'worker.override',
  'worker.reset',
] satisfies AuditRecord['action'][];

/** A stored rule; `undefined` for what is none: somebody may have written there by hand. */
export function decodeRule(stored: string): ConcurrencyRule | undefined {
  const fields = decode(stored);
  if (!fields || !isWhole(fields.concurrency) || !isWhole(fields.at)) return undefined;
  const { concurrency, at, by } = fields;
  if (typeof by !== 'string' || !isScope(fields)) return undefined;
  return { ...scopeOf(fields), concurrency, by, at };
}

/** A line of the audit trail; `undefined` for what is none. */
export function decodeAudit(stored: string): AuditRecord | undefined {
  const fields = decode(stored);
  if (!fields || !isWhole(fields.at) || !ACTIONS.includes(fields.action)) return undefined;
  const { at, by, action, worker, from, to } = fields;
  if (typeof by !== 'string' || !isScope(fields)) return undefined;
  return {
    at,
    by,
    action: action as AuditRecord['action'],
    ...scopeOf(fields),
    ...(typeof worker === 'string' && { worker }),
    ...(isWhole(from) && { from }),
    ...(isWhole(to) && { to }),
  };
}

function decode(stored: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(stored);
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

function isScope({ queue, labels }: Fields): boolean {
  if (queue !== undefined && typeof queue !== 'string') return false;
  if (labels === undefined) return true;
  if (typeof labels !== 'object' || labels === null || Array.isArray(labels)) return false;
  return Object.values(labels).every((value) => typeof value === 'string');
}

function scopeOf({ queue, labels }: Fields): { queue?: string; labels?: WorkerLabels } {
  return {
    ...(queue !== undefined && { queue: queue as string }),
    ...(labels !== undefined && { labels: labels as WorkerLabels }),
  };
}

const isWhole = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0;
