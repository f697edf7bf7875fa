import { plural } from '../terminal/counts.js';
import type { Colour, Output } from '../terminal/output.js';
import { oneLine } from '../terminal/printable.js';
import { formatTable } from '../terminal/table.js';
import type { Finding, Level } from './finding.js';

/** A sign that tells levels apart without colours, too. */
const SIGNS: Readonly<Record<Level, string>> = {
  ok: '✓ ok',
  warning: '! warning',
  problem: '✗ problem',
  unknown: '? unknown',
};

const COLOURS: Readonly<Record<Level, Colour>> = {
  ok: 'green',
  warning: 'yellow',
  problem: 'red',
  unknown: 'dim',
};

/** A line for each check, then what to do about problems and warnings, then the sum. */
export function reportLines(findings: readonly Finding[], out: Output): readonly string[] {
  const table = formatTable(
    findings,
    [
      { title: 'level', text: ({ level }) => SIGNS[level], colour: ({ level }) => COLOURS[level] },
      { title: 'check', text: ({ check }) => check },
      { title: 'found', text: ({ found }) => found },
    ],
    out,
  );
  const grave = [...inLevel(findings, 'problem'), ...inLevel(findings, 'warning')];
  return [...table, '', ...grave.flatMap((finding) => adviceLines(finding, out)), sumOf(findings)];
}

function adviceLines({ check, level, found, advice, doc }: Finding, out: Output): string[] {
  return [
    `${out.paint(COLOURS[level], SIGNS[level])} ${out.paint('bold', check)}: ${oneLine(found)}`,
    ...(advice === undefined ? [] : [`  do: ${oneLine(advice)}`]),
    ...(doc === undefined ? [] : [`  see: ${doc}`]),
    '',
  ];
}

const inLevel = (findings: readonly Finding[], level: Level): readonly Finding[] =>
  findings.filter((finding) => finding.level === level);

/** `22 checks: 20 ok, 1 warning, 1 problem, 0 unknown`. */
function sumOf(findings: readonly Finding[]): string {
  const count = (level: Level): number => inLevel(findings, level).length;
  const [warnings, problems] = [count('warning'), count('problem')];
  return `${findings.length} checks: ${count('ok')} ok, ${plural(warnings, 'warning')}, ${plural(problems, 'problem')}, ${count('unknown')} unknown`;
}
