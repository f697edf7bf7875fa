import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Child } from './processes/child.js';
import type { MeasureOrder, MeasureReport } from './processes/measure/measure-order.js';
import { type Round, type Summary, summarise } from './report/summary.js';
import type { Measurement, Mode, Scenario } from './scenario.js';
import type { SystemName } from './systems/system.js';

/** How a suite is run. */
export interface SuiteOptions {
  readonly redis: string;
  readonly mode: Mode;
  /** @default as often as the mode and the scenario say */
  readonly rounds?: number | undefined;
  /** Told what is being done. */
  readonly tell: (line: string) => void;
}

const ROUNDS: Readonly<Record<Mode, number>> = { full: 5, quick: 1 };
/** One measurement takes no longer than this, whatever happens. */
const LONGEST_MS = 600_000;
const MEASURE = new URL('./processes/measure/main.js', import.meta.url);

/** Measures one scenario after another. One that fails does not stop the others: its summary says so. */
export async function runSuite(
  scenarios: readonly Scenario[],
  options: SuiteOptions,
): Promise<Summary[]> {
  const summaries: Summary[] = [];
  await withoutHistograms(options.redis);
  for (const scenario of scenarios) summaries.push(await runScenario(scenario, options));
  return summaries;
}

async function runScenario(scenario: Scenario, options: SuiteOptions): Promise<Summary> {
  const { mode, tell } = options;
  const { name } = scenario;
  const figures = scenario.figures(mode);
  const times = options.rounds ?? Math.min(ROUNDS[mode], scenario.rounds);
  const rounds: Round[] = [];
  try {
    for (let round = 1; round <= times; round += 1) {
      const startedAt = performance.now();
      rounds.push(await runRound(scenario, round, options));
      const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
      tell(`${name}: round ${round} of ${times}, ${seconds} s`);
    }
    return summarise({ name, figures, rounds });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return summarise({ name, figures, rounds, error: reason });
  }
}

/** Each system in turn; who begins changes, so that neither always follows the other. */
async function runRound(
  scenario: Scenario,
  number: number,
  { redis, mode }: SuiteOptions,
): Promise<Round> {
  const systems = scenario.systems(mode);
  const round: Partial<Record<SystemName, Measurement>> = {};
  for (const system of number % 2 === 1 ? systems : systems.toReversed()) {
    await empty(redis);
    round[system] = await measure({ scenario: scenario.name, system, redis, mode });
  }
  return round;
}

/** In a fresh process. @throws Error when it fails, or takes too long */
async function measure(order: MeasureOrder): Promise<Measurement> {
  const child = new Child<MeasureReport>(MEASURE, order);
  const tooLate = new AbortController();
  const { system } = order;
  const late = delay(LONGEST_MS, undefined, { signal: tooLate.signal, ref: false }).then(() => {
    throw new Error(`${system}: no figure after ${LONGEST_MS / 60_000} minutes`);
  });
  // Put off when the measurement came in time.
  late.catch(() => undefined);
  try {
    const report = await Promise.race([child.next(), late]);
    if ('error' in report) throw new Error(report.error);
    return report;
  } finally {
    tooLate.abort();
    await child.kill();
  }
}

/** Since 7.0, Redis keeps some 50 kB about each command that was ever called: memory that whoever calls it first seems to take. */
async function withoutHistograms(url: string): Promise<void> {
  const redis = new Redis(url);
  // An older one has no such thing.
  await redis.config('SET', 'latency-tracking', 'no').catch(() => undefined);
  await redis.quit();
}

/** The server is the benchmark's own. */
async function empty(url: string): Promise<void> {
  const redis = new Redis(url);
  await redis.flushall();
  await redis.quit();
}
