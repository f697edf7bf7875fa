import type { Costs } from '../costs.js';
import { SYSTEMS, type SystemName } from '../systems/system.js';
import type { Row, Summary } from './summary.js';
import { digits, reachInWords, valueInWords } from './words.js';

/** The result, for people: what each scenario reached. */
export function resultTable(summaries: readonly Summary[]): string {
  const rows = summaries.flatMap(({ rows, error }) => rows.map((row) => ({ row, error })));
  const systems = SYSTEMS.filter(
    (system) => system !== 'bee-queue' || rows.some(({ row }) => row.medians[system] !== undefined),
  );
  const head = ['scenario', ...systems, 'ratio', 'lowest to highest', 'reach', ''];
  const lines = rows.map(({ row, error }) => [
    row.title,
    ...systems.map((system) => valueInWords(row.medians[system], row.unit)),
    row.ratio === undefined ? '-' : row.ratio.toFixed(2),
    spreadInWords(row),
    reachInWords(row.reach, row.unit),
    verdict(row, error),
  ]);
  return toTable([head, ...lines]);
}

/** What a task costs, so that a ratio can be explained: goflow : bullmq. */
export function costTable(summaries: readonly Summary[]): string {
  const head = [
    'by task, goflow : bullmq',
    'Redis CPU µs',
    'Node CPU µs',
    'script calls',
    'Redis commands',
    'Redis bytes',
  ];
  const lines = summaries
    .filter(({ costs }) => costs.goflow !== undefined)
    .map(({ name, costs }) => [
      name,
      pair(costs, 'redisCpuUs'),
      pair(costs, 'nodeCpuUs'),
      pair(costs, 'scriptCalls'),
      pair(costs, 'commands'),
      pair(costs, 'bytes'),
    ]);
  return lines.length === 0 ? '' : toTable([head, ...lines]);
}

/** What else was measured. */
export function moreTable(summaries: readonly Summary[]): string {
  const lines = summaries.flatMap(({ name, more }) =>
    Object.entries(more).map(([what, medians]) => [
      `${name}: ${what}`,
      ...(['goflow', 'bullmq'] as const).map((system) => number(medians[system])),
    ]),
  );
  return lines.length === 0 ? '' : toTable([['also', 'goflow', 'bullmq'], ...lines]);
}

function verdict({ pass }: Row, error: string | undefined): string {
  if (error !== undefined) return 'NOT MEASURED';
  return pass ? 'reached' : 'NOT reached';
}

function spreadInWords({ judged, unit, reach }: Row): string {
  if (judged === undefined) return '-';
  const shown = reach.of === 'limit' ? unit : 'x';
  const ends = [judged.lowest, judged.highest].map((value) => valueInWords(value, shown));
  return ends[0] === ends[1] ? (ends[0] ?? '-') : ends.join(' to ');
}

function pair(costs: Partial<Record<SystemName, Costs>>, of: keyof Costs): string {
  const ends = [costs.goflow?.[of], costs.bullmq?.[of]];
  return ends[0] === undefined ? '-' : ends.map(number).join(' : ');
}

function number(value: number | undefined): string {
  if (value === undefined) return '-';
  return Math.abs(value) >= 1_000 ? Math.round(value).toLocaleString('en') : digits(value);
}

/** Lines of cells, in columns; the first is the head. */
export function toTable(lines: readonly (readonly string[])[]): string {
  const [head = []] = lines;
  const widths = head.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  const isWord = (column: number): boolean => column === 0 || column === head.length - 1;
  return lines
    .map((line) =>
      line
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return isWord(column) ? cell.padEnd(width) : cell.padStart(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
