// `npm run bench`: goflow and raw BullMQ, alternately, on one private Redis; medians, spread, and the ratio pair by pair.
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { RedisServer } from '@goflow/testing';
import { type BenchArguments, chooseNames, HELP, readArguments, UsageError } from './arguments.js';
import { toChart } from './report/chart.js';
import { toJson } from './report/json.js';
import type { Summary } from './report/summary.js';
import { costTable, moreTable, resultTable } from './report/table.js';
import { runSuite } from './runner.js';
import { findScenario, SCENARIOS } from './scenarios/all.js';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(argv: readonly string[]): Promise<void> {
  const given = readArguments(argv);
  const names = chooseNames(
    given.names,
    SCENARIOS.map(({ name }) => name),
  );
  if (given.asks === 'help') say(HELP.trimEnd());
  else if (given.asks === 'list') for (const name of names) say(lineOf(name));
  else await measure(names, given);
}

async function measure(names: readonly string[], given: BenchArguments): Promise<void> {
  const { mode, rounds, json, chart } = given;
  await using server = await RedisServer.start();
  say(
    `${mode} run on ${availableParallelism()} cores, Node ${process.versions.node}; each measurement in a fresh process and an empty Redis`,
  );
  const scenarios = names.map(findScenario);
  const redis = server.url;
  const summaries = await runSuite(scenarios, { redis, mode, rounds, tell: say });
  for (const table of [resultTable(summaries), costTable(summaries), moreTable(summaries)])
    if (table !== '') say(`\n${table}`);
  if (json !== undefined) writeFileSync(json, toJson(summaries));
  if (chart !== undefined) writeFileSync(chart, toChart(summaries));
  tellErrors(summaries);
}

function tellErrors(summaries: readonly Summary[]): void {
  for (const { name, error } of summaries) {
    if (error === undefined) continue;
    process.stderr.write(`${name} could not be measured: ${error}\n`);
    process.exitCode = 1;
  }
}

function lineOf(name: string): string {
  return `${name.padEnd(16)} ${findScenario(name).about}`;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\nnpm run bench -- --help says how it is used.\n`);
  process.exitCode = 2;
}
