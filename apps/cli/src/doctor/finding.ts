import type { RedisFacts } from '@goflow/broker';

/** `unknown`: it could not be found out, which is no fault. */
export type Level = 'ok' | 'warning' | 'problem' | 'unknown';

/** What one check came to. */
export interface Finding {
  /** Stable, kebab-case. */
  readonly check: string;
  readonly level: Level;
  /** One line. */
  readonly found: string;
  /** What to do, with the command where there is one. Of every warning and problem. */
  readonly advice?: string | undefined;
  /** A page of the documentation. */
  readonly doc?: string | undefined;
}

/** The contracts that are known, where `--tasks` was given: the queue of each type. */
export type KnownTypes = ReadonlyMap<string, string>;

/** Says of the facts what one check is for. Pure. */
export type Rule = (facts: RedisFacts, contracts: KnownTypes) => Finding;

type Told = Omit<Finding, 'check' | 'level'>;

/** Makes the findings of one check. */
export function findingsOf(check: string, doc?: string) {
  return {
    ok: (found: string): Finding => ({ check, level: 'ok', found }),
    unknown: (found: string): Finding => ({ check, level: 'unknown', found }),
    warning: (found: string, advice: string): Finding => ({
      check,
      level: 'warning',
      ...toTold(found, advice, doc),
    }),
    problem: (found: string, advice: string): Finding => ({
      check,
      level: 'problem',
      ...toTold(found, advice, doc),
    }),
  };
}

const toTold = (found: string, advice: string, doc: string | undefined): Told =>
  doc === undefined ? { found, advice } : { found, advice, doc };

/** Why something is not known. */
export const NOT_TOLD = 'not told: this user may not ask, or the service forbids it';

const RANK: readonly Level[] = ['ok', 'unknown', 'warning', 'problem'];

/** The worst of the findings of one check on several servers; each says of which it is, where there are several. */
export function worst(
  findings: readonly { readonly name: string; readonly finding: Finding }[],
): Finding {
  const [first, ...others] = findings;
  if (!first) throw new Error('a check without a server');
  const rankOf = ({ finding }: typeof first): number => RANK.indexOf(finding.level);
  let bad = first;
  for (const other of others) if (rankOf(other) > rankOf(bad)) bad = other;
  if (others.length === 0 || rankOf(bad) === 0) return first.finding;
  const alike = findings.filter(({ finding }) => finding.level === bad.finding.level);
  return { ...bad.finding, found: `${some(alike.map(({ name }) => name))}: ${bad.finding.found}` };
}

const SHOWN = 5;

/** A list in one line: the first of it, and how many more there are. */
export function some(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return `${names.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
