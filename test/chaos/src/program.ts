import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type EpisodeReport, runEpisode } from './episode.js';
import { BUGS, type BugName, planOfBug } from './plan/bugs.js';
import { WORLDS, type WorldKind } from './plan/fault-kinds.js';
import { makePlan, type Plan } from './plan/plan.js';
import { checkWritable, readPlanFile } from './plan/plan-files.js';
import { shrink } from './plan/shrink.js';
import { summarise, tableHead, tableRow, tellBreaches, tellSummary } from './report.js';
import { soak } from './soak.js';

interface Flags {
  readonly seed: number;
  readonly seeds: number;
  readonly world?: WorldKind;
  readonly minutes?: number;
  readonly replay?: string;
  readonly shrink: boolean;
  readonly save?: string;
  readonly json?: string;
  readonly bug?: BugName;
  readonly bugs: boolean;
  readonly soak: boolean;
}

const EXAMPLES = `
Examples:
  npm run chaos                           one seed, two rounds
  npm run chaos -- --seeds 20             seeds 1 to 20, each in a system of its own
  npm run chaos -- --seed 7 --minutes 5   one seed, for five minutes
  npm run chaos -- --replay plan.json --shrink
  npm run chaos -- --soak --minutes 30    memory must stay flat
  npm run chaos -- --bugs                 each planted bug must be found

Exit codes: 0 all was as promised, 1 something was not, 2 wrong flags or files.
`;

/** One round of load with its faults, in milliseconds. */
const LOAD_MS = 5_000;
const ROUNDS = 2;
/** About what a round takes with its rest. */
const ROUND_MS = 12_000;

/** Runs the harness as the command line says. Gives the exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  const flags = readFlags(args);
  let saved: Plan | undefined;
  try {
    for (const name of ['json', 'save'] as const) checkWritable(`--${name}`, flags[name]);
    saved = flags.replay === undefined ? undefined : readPlanFile(flags.replay);
  } catch (error) {
    console.error(`chaos: ${(error as Error).message}`);
    return 2;
  }
  if (flags.bugs) return findBugs(Object.keys(BUGS) as BugName[]);
  if (flags.bug) return findBugs([flags.bug]);
  if (flags.soak)
    return soak({ seed: flags.seed, minutes: flags.minutes ?? 60, world: flags.world });
  const plans = saved
    ? [saved]
    : Array.from({ length: flags.seeds }, (_, index) => planOf(flags.seed + index, flags));
  return runPlans(plans, flags);
}

async function runPlans(plans: readonly Plan[], flags: Flags): Promise<number> {
  const episodes: EpisodeReport[] = [];
  console.log(tableHead());
  for (const plan of plans) {
    const episode = await runEpisode(plan);
    episodes.push(episode);
    console.log(tableRow(episode));
    if (episode.breaches.length > 0) await tellFailure(episode, flags);
  }
  const summary = summarise(episodes);
  console.log(`\n${tellSummary(summary)}`);
  if (flags.json) writeFileSync(flags.json, `${JSON.stringify(summary, null, 2)}\n`);
  return Object.keys(summary.breaches).length === 0 ? 0 : 1;
}

/** Says what is wrong, and leaves a plan to run again. */
async function tellFailure(episode: EpisodeReport, flags: Flags): Promise<void> {
  console.log(tellBreaches(episode));
  const file = flags.save ?? `chaos-${episode.plan.seed}.json`;
  const plan = flags.shrink ? await shrinkLoudly(episode.plan) : episode.plan;
  writeFileSync(file, `${JSON.stringify(plan, null, 2)}\n`);
  console.log(`  its plan: npm run chaos -- --replay ${file}`);
}

async function shrinkLoudly(plan: Plan): Promise<Plan> {
  return shrink(plan, async (smaller) => {
    const { breaches } = await runEpisode(smaller);
    const names = smaller.rounds.flatMap(({ faults }) => faults.map(({ name }) => name));
    console.log(
      `  ${breaches.length > 0 ? 'still wrong' : 'right'} with ${names.join(', ') || 'no fault'}`,
    );
    return breaches.length > 0;
  });
}

/** Plants one bug after another: 0 when each was found by what it breaks. */
async function findBugs(names: readonly BugName[]): Promise<number> {
  let missed = 0;
  for (const name of names) {
    const { breaches } = await runEpisode(planOfBug(name));
    const kinds = [...new Set(breaches.map(({ kind }) => kind))];
    const isFound = kinds.includes(BUGS[name].breach);
    if (!isFound) missed += 1;
    const verdict = isFound ? 'found' : `MISSED (expected ${BUGS[name].breach})`;
    console.log(`${name.padEnd(24)} ${verdict.padEnd(8)} ${kinds.join(', ') || 'nothing wrong'}`);
  }
  return missed === 0 ? 0 : 1;
}

function planOf(seed: number, { world, minutes }: Flags): Plan {
  const rounds =
    minutes === undefined ? ROUNDS : Math.max(1, Math.round((minutes * 60_000) / ROUND_MS));
  return makePlan(seed, { world, rounds, loadMs: LOAD_MS });
}

function readFlags(args: readonly string[]): Flags {
  return new Command('chaos')
    .description('Breaks a running system of goflow by a seeded plan, and counts what was lost.')
    .option('--seed <n>', 'the first seed', readNumber, 1)
    .option('--seeds <n>', 'how many seeds, one after another', readNumber, 1)
    .option('--minutes <n>', 'how long one seed goes on', readNumber)
    .addOption(
      new Option('--world <kind>', 'the Redis (default: as the seed says)').choices(WORLDS),
    )
    .option('--replay <file>', 'run a saved plan')
    .option('--shrink', 'look for the fewest faults that still break it', false)
    .option('--save <file>', 'where the plan of a failure goes (default: chaos-<seed>.json)')
    .option('--json <file>', 'write the sums to a file')
    .addOption(
      new Option('--bug <name>', 'plant a bug that must be found').choices(Object.keys(BUGS)),
    )
    .option('--bugs', 'plant every bug, one after another', false)
    .option('--soak', 'watch memory and connections for --minutes (default: 60)', false)
    .addHelpText('after', EXAMPLES)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .parse(args, { from: 'user' })
    .opts<Flags>();
}

function readNumber(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number) && number > 0) return number;
  throw new InvalidArgumentError('expected a number above 0');
}
