import {
  type AuditRecord,
  type Clock,
  type ConcurrencyRule,
  type ConcurrencyScope,
  type FleetChange,
  invalidOption,
  scopeText,
} from '@goflow/shared';

const MAX_AUDIT = 1_000;
const MAX_RULES = 1_000;

/** The rules of a memory broker, and its audit trail. */
export class RuleBook {
  readonly #clock: Clock;
  /** By the text of their scope. */
  readonly #rules = new Map<string, ConcurrencyRule>();
  /** The newest last. */
  readonly #audit: AuditRecord[] = [];
  readonly #listeners = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get all(): readonly ConcurrencyRule[] {
    return [...this.#rules.values()];
  }

  /** Calls `listener` after every change, until what is given back is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  set(
    { queue, labels = {} }: ConcurrencyScope,
    concurrency: number | undefined,
    by: string,
  ): FleetChange {
    const isLabelled = Object.keys(labels).length > 0;
    const scope = { ...(queue !== undefined && { queue }), ...(isLabelled && { labels }) };
    const text = scopeText(scope);
    const old = this.#rules.get(text);
    const from = old === undefined ? {} : { from: old.concurrency };
    const change = old === undefined ? {} : { before: old.concurrency };
    if (concurrency === undefined) {
      if (!this.#rules.delete(text)) return { changed: false };
      this.record({ action: 'concurrency.reset', by, ...scope, ...from });
    } else {
      if (old?.concurrency === concurrency && this.#isNewest(old))
        return { changed: false, ...change };
      if (!old && this.#rules.size >= MAX_RULES)
        throw invalidOption('rules', `at most ${MAX_RULES}: reset one first`, MAX_RULES + 1);
      this.#rules.set(text, { ...scope, concurrency, by, at: this.#newerThanAll() });
      this.record({ action: 'concurrency.set', by, ...scope, ...from, to: concurrency });
    }
    for (const listener of this.#listeners) listener();
    return { changed: true, ...change };
  }

  record(line: Omit<AuditRecord, 'at'>): void {
    this.#audit.push({ at: this.#clock.now(), ...line });
    // Overrides of workers do not push out the changes of the fleet.
    const isOfKind = (one: Omit<AuditRecord, 'at'>) => isOverride(one) === isOverride(line);
    if (this.#audit.filter(isOfKind).length > MAX_AUDIT)
      this.#audit.splice(this.#audit.findIndex(isOfKind), 1);
  }

  audit(limit: number): readonly AuditRecord[] {
    return this.#audit.slice(-limit).reverse();
  }

  /** The time; later than that of every rule, so that what is said last is the newest within a millisecond, too. */
  #newerThanAll(): number {
    return Math.max(this.#clock.now(), ...this.all.map(({ at }) => at + 1));
  }

  /** Whether it is newer than all that may fit the same worker, and are as specific. */
  #isNewest(rule: ConcurrencyRule): boolean {
    return this.all.every(
      (other) => other === rule || other.at < rule.at || !areRivals(rule, other),
    );
  }
}

const isOverride = ({ action }: Omit<AuditRecord, 'at'>): boolean => action.startsWith('worker.');

function areRivals(one: ConcurrencyScope, other: ConcurrencyScope): boolean {
  const [labels, others] = [Object.entries(one.labels ?? {}), Object.entries(other.labels ?? {})];
  if (one.queue !== other.queue || labels.length !== others.length) return false;
  const values = new Map(others);
  return labels.every(([key, value]) => (values.get(key) ?? value) === value);
}
