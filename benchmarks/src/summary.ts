import type { Measurement } from './measurement.js';

/** One round: both, one after the other. */
export interface Pair {
  readonly bullmq: Measurement;
  readonly goflow: Measurement;
}

/** One line of the result. */
export interface Row {
  readonly scenario: string;
  /** Tasks a second, the median of all rounds. */
  readonly goflow: number;
  readonly bullmq: number;
  /** goflow's rate over BullMQ's, the median of the pairs, and the lowest and highest of them. */
  readonly ratio: number;
  readonly lowest: number;
  readonly highest: number;
  /** Node's CPU a task in microseconds. */
  readonly goflowCpuUs: number;
  readonly bullmqCpuUs: number;
  readonly reach: number;
  readonly pass: boolean;
}

const SCENARIOS = [
  {
    scenario: 'push, 1,000 in flight',
    ms: 'pushMs',
    cpuMs: 'pushCpuMs',
    tasks: 'pushed',
    reach: 0.9,
  },
  { scenario: 'run, everything on', ms: 'runMs', cpuMs: 'runCpuMs', tasks: 'run', reach: 0.9 },
] as const;

/** Medians and ratios of all scenarios. */
export function summarise(
  pairs: readonly Pair[],
  counts: Readonly<Record<'pushed' | 'run', number>>,
): Row[] {
  return SCENARIOS.map(({ scenario, ms, cpuMs, tasks, reach }) => {
    const count = counts[tasks];
    const ratios = pairs.map(({ bullmq, goflow }) => bullmq[ms] / goflow[ms]);
    const rate = (which: keyof Pair): number =>
      count / (median(pairs.map((pair) => pair[which][ms])) / 1_000);
    const cpu = (which: keyof Pair): number =>
      (median(pairs.map((pair) => pair[which][cpuMs])) * 1_000) / count;
    const ratio = median(ratios);
    return {
      scenario,
      goflow: Math.round(rate('goflow')),
      bullmq: Math.round(rate('bullmq')),
      ratio: round(ratio),
      lowest: round(Math.min(...ratios)),
      highest: round(Math.max(...ratios)),
      goflowCpuUs: round(cpu('goflow')),
      bullmqCpuUs: round(cpu('bullmq')),
      reach,
      pass: ratio >= reach,
    };
  });
}

/** For people. */
export function toTable(rows: readonly Row[]): string {
  const head = [
    'scenario',
    'goflow/s',
    'bullmq/s',
    'ratio',
    'spread',
    'node µs a task',
    'reach',
    '',
  ];
  const lines = rows.map((row) => [
    row.scenario,
    String(row.goflow),
    String(row.bullmq),
    row.ratio.toFixed(2),
    `${row.lowest.toFixed(2)}–${row.highest.toFixed(2)}`,
    `${row.goflowCpuUs.toFixed(1)} : ${row.bullmqCpuUs.toFixed(1)}`,
    `≥ ${row.reach}`,
    row.pass ? 'reached' : 'NOT reached',
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  return [head, ...lines]
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

const round = (value: number): number => Math.round(value * 1_000) / 1_000;
