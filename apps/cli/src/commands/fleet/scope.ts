import { type ConcurrencyScope, GoflowError } from '@goflow/shared';
import type { GivenOptions } from '../../command.js';

/** Who makes a change. */
export const byOf = ({ by }: GivenOptions): { by?: string } =>
  typeof by === 'string' ? { by } : {};

/** The scope that `--queue` and `--label` name. @throws OPTION_INVALID */
export function scopeOf({ queue, label }: GivenOptions): ConcurrencyScope {
  const pairs = (label ?? []) as readonly string[];
  return {
    ...(typeof queue === 'string' && { queue }),
    ...(pairs.length > 0 && { labels: Object.fromEntries(pairs.map(toLabel)) }),
  };
}

function toLabel(pair: string): [key: string, value: string] {
  const at = pair.indexOf('=');
  if (at > 0 && at < pair.length - 1) return [pair.slice(0, at), pair.slice(at + 1)];
  throw new GoflowError('OPTION_INVALID', `--label: expected key=value, got "${pair}"`);
}

/** A scope in words. */
export function spellScope({ queue, labels = {} }: ConcurrencyScope): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  const workers = pairs.length > 0 ? `workers with ${pairs.join(', ')}` : 'all workers';
  return queue === undefined ? workers : `${queue} of ${workers}`;
}
