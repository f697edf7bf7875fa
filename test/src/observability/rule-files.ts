import { readdirSync, readFileSync } from 'node:fs';

/** Where the rules of Prometheus are. */
export const RULES = new URL('../../../deploy/prometheus/rules/', import.meta.url);

/** A rule, as it stands in its file. */
export interface Rule {
  readonly name: string;
  readonly expr: string;
  /** All of it, as it stands there. */
  readonly text: string;
}

/** The text of the files, by name. */
export function ruleFiles(): Readonly<Record<string, string>> {
  const texts = readdirSync(RULES).map((file) => [
    file,
    readFileSync(new URL(file, RULES), 'utf8'),
  ]);
  return Object.fromEntries(texts);
}

/** All rules: what is recorded, and what alerts. */
export function readRules(): {
  readonly recorded: readonly Rule[];
  readonly alerts: readonly Rule[];
} {
  const text = Object.values(ruleFiles())
    .join('\n')
    .replaceAll(/^ *#.*\n/gm, '');
  return { recorded: rulesOf(text, 'record'), alerts: rulesOf(text, 'alert') };
}

function rulesOf(text: string, kind: 'record' | 'alert'): readonly Rule[] {
  const rules = text.split(/^ {6}- /m).slice(1);
  return rules
    .filter((rule) => rule.startsWith(`${kind}: `))
    .map((rule) => ({
      name: rule.slice(kind.length + 2).split('\n')[0] ?? '',
      expr: exprOf(rule),
      text: rule,
    }));
}

/** Of one line, or of several that are folded. */
function exprOf(rule: string): string {
  const [, first = '', more = ''] = /^ {8}expr: (.*)\n((?: {10}.*\n)*)/m.exec(rule) ?? [];
  return first === '>-' ? more.trim().replaceAll(/\n */g, ' ') : first;
}
