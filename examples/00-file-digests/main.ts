// The main job of this repository: digests every file of a directory, each as one task. `--help` says more.
import { isGoflowError } from '@goflow/sdk';
import { HELP, readArguments, UsageError } from './arguments.js';
import { checkSample, unexplained } from './check.js';
import { collect } from './collect.js';
import type { Deployment } from './deployment.js';
import { listenForInterruption } from './interruption.js';
import { showProgress } from './progress.js';
import { Report } from './report.js';
import { startDeployment } from './start.js';
import { printFailures, printFindings, printPlan, printSummary, printTally } from './summary.js';
import { newTally, walk } from './walk.js';

/** Some of these may change while the program runs; 20 is what is wanted at least. */
const SAMPLE = 40;
const interruption = listenForInterruption();

async function main(): Promise<number> {
  const given = await readArguments(process.argv.slice(2));
  if (!given) {
    console.log(HELP);
    return 0;
  }
  await using deployment = await startDeployment(given.local);
  // Ctrl-C while a private Redis started: that there is none is no news then.
  if (interruption.exitCode !== undefined) return interruption.exitCode;
  printPlan(deployment, given.directory);
  const ended = Promise.race([interruption.raised, deployment.broken]);
  const code = await Promise.race([digestAll(deployment, given.directory), ended]);
  if (given.keep && interruption.exitCode === undefined) {
    console.log('\nstaying up until Ctrl-C');
    await ended;
  }
  return code;
}

/** Gives the exit code: 0 when no failure is unexplained and the sample is right. */
async function digestAll(deployment: Deployment, directory: string): Promise<number> {
  const beganAt = Date.now();
  const tally = newTally();
  for await (const _ of walk(directory, tally));
  printTally(tally);
  const report = new Report(SAMPLE);
  const seconds = await digest(deployment, directory, { report, total: tally.files });
  const findings = await checkSample(deployment.goflow, report.sample, beganAt);
  const strange = await unexplained(report.failures);
  printSummary(report, deployment, seconds);
  printFailures(report.failures, strange);
  printFindings(findings);
  return strange.length === 0 && findings.differing.length === 0 ? 0 : 1;
}

interface Counted {
  readonly report: Report;
  readonly total: number;
}

/** Gives the seconds it took. */
async function digest(
  { goflow }: Deployment,
  directory: string,
  { report, total }: Counted,
): Promise<number> {
  const progress = showProgress(total);
  const began = performance.now();
  try {
    await collect(goflow, walk(directory), (outcome) => {
      report.add(outcome);
      progress.update(report.done);
    });
  } finally {
    progress.stop();
  }
  return (performance.now() - began) / 1000;
}

/** Says what went wrong, and gives the exit code. */
function explain(error: unknown): number {
  // What an interrupted start complains of is the interruption.
  if (interruption.exitCode !== undefined) return interruption.exitCode;
  if (error instanceof UsageError) {
    console.error(`${error.message}\n(npm start -- --help says what there is)`);
    return 2;
  }
  if (isGoflowError(error)) console.error(`${error.code}: ${error.message}`);
  else console.error(error instanceof Error ? error.message : error);
  return 1;
}

process.exitCode = await main().catch(explain);
