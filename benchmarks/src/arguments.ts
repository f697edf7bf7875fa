import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import type { Mode } from './scenario.js';

/** What `npm run bench` was told. */
export interface BenchArguments {
  /** What the names of the scenarios begin with; all scenarios when there is none. */
  readonly names: readonly string[];
  readonly mode: Mode;
  /** How often each scenario is measured; undefined: as often as the mode says. */
  readonly rounds: number | undefined;
  /** Where the rows are written as JSON. */
  readonly json: string | undefined;
  /** Where the chart is written as SVG. */
  readonly chart: string | undefined;
  /** Only say what there is. */
  readonly asks: 'help' | 'list' | undefined;
}

/** The command line is wrong: said to who wrote it, without a stack. */
export class UsageError extends Error {}

export const HELP = `npm run bench -- [scenario …] [--quick] [--rounds N] [--json FILE] [--chart FILE.svg] [--list] [--help]

Measures goflow and raw BullMQ alternately, on a Redis of its own, each in a fresh process.

  scenario …     only the scenarios whose names begin so; all of them otherwise
  --quick        fewer tasks, one round, no bee-queue: all scenarios in less than a minute
  --rounds N     how often each is measured; otherwise 5, and 3 where a round takes long
  --json FILE    writes an array of { scenario, goflow, bullmq, ratio, reach, pass, … }
  --chart FILE   writes the ratios as SVG
  --list         lists the scenarios
`;

/** Reads the command line. @throws UsageError */
export function readArguments(argv: readonly string[]): BenchArguments {
  const { values, positionals } = parse(argv);
  const { quick, rounds, json, chart, list, help } = values;
  for (const file of [json, chart]) checkFolder(file);
  return {
    names: positionals,
    mode: quick === true ? 'quick' : 'full',
    rounds: rounds === undefined ? undefined : roundsOf(rounds),
    json,
    chart,
    asks: asked(help, list),
  };
}

/** The names that begin as one of the given; all when none is given. @throws UsageError when one begins no name */
export function chooseNames(given: readonly string[], all: readonly string[]): readonly string[] {
  for (const name of given)
    if (!all.some((one) => one.startsWith(name)))
      throw new UsageError(`no scenario begins with "${name}". There are: ${all.join(', ')}`);
  return all.filter((one) => given.length === 0 || given.some((name) => one.startsWith(name)));
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        quick: { type: 'boolean' },
        rounds: { type: 'string' },
        json: { type: 'string' },
        chart: { type: 'string' },
        list: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    // Node goes on about arguments that begin with a dash.
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(message.replace(/\. To specify.*$/s, ''));
  }
}

function asked(help = false, list = false): BenchArguments['asks'] {
  if (help) return 'help';
  return list ? 'list' : undefined;
}

function roundsOf(given: string): number {
  if (/^[1-9]\d{0,2}$/.test(given)) return Number(given);
  throw new UsageError(`--rounds must be a whole number from 1 to 999, and is "${given}"`);
}

/** Said now: a run takes minutes before it writes. */
function checkFolder(file: string | undefined): void {
  if (file === undefined) return;
  if (file === '') throw new UsageError('--json and --chart need the name of a file');
  if (!existsSync(dirname(file))) throw new UsageError(`there is no folder ${dirname(file)}`);
}
