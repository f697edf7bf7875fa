import type { ConcurrencyRule, ConcurrencyScope, WorkerLabels } from '../ports/fleet-broker.js';

/** The one text of a scope: the same for the same queue and labels, in whatever order they were given. */
export function scopeText({ queue = '*', labels = {} }: ConcurrencyScope): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return [queue, ...pairs.sort()].join(',');
}

/**
 * The rule that counts for a queue of a worker with these labels, of all that fit: one that names the queue before one that does not, then
 * the one with more labels, then the newest.
 */
export function ruleFor(
  rules: readonly ConcurrencyRule[],
  queue: string,
  labels: WorkerLabels,
): ConcurrencyRule | undefined {
  return rules.filter((rule) => fits(rule, queue, labels)).sort(bySpecificity)[0];
}

/** The most specific first: see {@link ruleFor}. */
export function bySpecificity(a: ConcurrencyRule, b: ConcurrencyRule): number {
  const named = Number(b.queue !== undefined) - Number(a.queue !== undefined);
  const labelled = labelCount(b) - labelCount(a);
  // Of the same millisecond any will do, so long as all workers take the same.
  return named || labelled || b.at - a.at || (scopeText(a) < scopeText(b) ? -1 : 1);
}

function fits(rule: ConcurrencyRule, queue: string, labels: WorkerLabels): boolean {
  if (rule.queue !== undefined && rule.queue !== queue) return false;
  const wanted = Object.entries(rule.labels ?? {});
  return wanted.every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}

const labelCount = ({ labels = {} }: ConcurrencyScope): number => Object.keys(labels).length;
