import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import type { Mode } from './scenario.js';

/** What `npm run bench` was told. */
export interface BenchArguments {
  /** Names of scenarios, or what several begin with; all scenarios when there is none. */
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

  scenario …     only the scenario of this name, or all whose names begin so; all of them otherwise
  --quick        fewer tasks, less warm-up, one round, no bee-queue: rough figures, in less than a minute
                 (V8 is not warm then: p99 and the idle worker look worse than they are)
  --rounds N     how often each is measured; otherwise 5, and 1 to 3 where a round takes long
  --json FILE    writes an array, one object for each line of the result
  --chart FILE   writes the ratios as SVG; its name ends in .svg
  --list         lists the scenarios

Takes 20 to 30 minutes for all on two cores, about 12 with --rounds 2.

How to read the result:
  ratio          goflow over BullMQ in the same round, the median of the rounds; where goflow is compared with
                 itself, that ratio. For rates more is better, for times and bytes less.
  bee-queue      a smaller queue, for information only: it is never judged
  reach          the goal: a ratio, or a limit in its unit. "reached" and "NOT reached" say whether
                 the median meets it
JSON: scenario is the title of the line and is there once, name the scenario of the command line; goflow, bullmq
and beeQueue are medians in unit; ratio, lowest and highest are as in the table; reach is the goal, pass whether
it is reached; rounds, costs, more and error say the rest. What is not known is null.

Exit codes: 0 measured, also when a goal is not reached; 1 an error; 2 wrong usage.
`;

/** Reads the command line. @throws UsageError */
export function readArguments(argv: readonly string[]): BenchArguments {
  const { values, positionals } = parse(argv);
  const { quick, rounds, json, chart, list, help } = values;
  for (const file of [json, chart]) checkFolder(file);
  if (chart?.endsWith('.svg') === false)
    throw new UsageError(`--chart writes SVG: "${chart}" must end in .svg`);
  return {
    names: positionals,
    mode: quick === true ? 'quick' : 'full',
    rounds: rounds === undefined ? undefined : roundsOf(rounds),
    json,
    chart,
    asks: asked(help, list),
  };
}

/** The names that are given, or begin as one of the given; all when none is given. @throws UsageError when one begins no name */
export function chooseNames(given: readonly string[], all: readonly string[]): readonly string[] {
  if (given.length === 0) return all;
  const chosen = new Set(given.flatMap((name) => namesOf(name, all)));
  return all.filter((one) => chosen.has(one));
}

/** A whole name means itself only: `run` is not `run-chunks`. */
function namesOf(given: string, all: readonly string[]): readonly string[] {
  if (all.includes(given)) return [given];
  const names = all.filter((one) => one.startsWith(given));
  if (names.length > 0) return names;
  throw new UsageError(`no scenario begins with "${given}". There are: ${all.join(', ')}`);
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
