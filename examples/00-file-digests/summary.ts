import type { Findings } from './check.js';
import type { Outcome } from './collect.js';
import type { Deployment } from './deployment.js';
import { count, type Report, size } from './report.js';
import type { WalkTally } from './walk.js';

const SHOWN_FAILURES = 10;

/** What is about to happen, and where to watch it. */
export function printPlan({ mode, place, workers }: Deployment, directory: string): void {
  console.log(`digesting every file in ${directory}`);
  console.log(`  ${mode.padEnd(10)} ${place}`);
  for (const { pid, url } of workers) console.log(`  worker     ${pid}, metrics at ${url}/metrics`);
}

/** What there is to do. */
export function printTally({ files, folders, links, unreadable }: WalkTally): void {
  const folder = `${count(files)} in ${count(folders)} folders`;
  const not = unreadable === 0 ? '' : `, ${count(unreadable)} unreadable folders`;
  console.log(`  files      ${folder} (${count(links)} links not followed${not})`);
}

/** What was done: tasks, rate, shares. */
export function printSummary(report: Report, { workers }: Deployment, seconds: number): void {
  const rate = report.done / Math.max(seconds, 0.001);
  console.log(`\n${count(report.done)} tasks in ${seconds.toFixed(1)} s, ${count(rate)} a second`);
  console.log(`  read       ${size(report.bytes)}, ${count(report.lines)} lines`);
  for (const { pid, url } of workers) {
    const share = report.shares.get(pid) ?? 0;
    const percent = Math.round((100 * share) / Math.max(report.done, 1));
    console.log(
      `  worker     ${pid}: ${count(share)} tasks (${percent} %), metrics at ${url}/metrics`,
    );
  }
}

/** What failed, and why. */
export function printFailures(all: readonly Outcome[], unexplained: readonly Outcome[]): void {
  const note = all.length === 0 ? '' : `, ${count(unexplained.length)} of them unexplained`;
  console.log(`  failures   ${count(all.length)}${note}`);
  for (const { path, failure } of all.slice(0, SHOWN_FAILURES))
    console.log(`             ${path}: ${failure?.message}`);
  if (all.length > SHOWN_FAILURES) console.log('             …');
}

/** Whether the results are right. */
export function printFindings({ equal, changed, differing }: Findings): void {
  const meanwhile = changed === 0 ? '' : `, ${changed} files changed meanwhile`;
  const verdict = differing.length === 0 ? '' : `, ${differing.length} DIFFER`;
  console.log(`  checked    ${equal} results equal our own computation${meanwhile}${verdict}`);
  for (const path of differing) console.log(`             ${path}`);
}
