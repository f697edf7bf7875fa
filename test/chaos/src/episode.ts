import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskResult } from '@goflow/sdk';
import { mayTurnBack } from './judge/explained.js';
import { type Breach, type Judgement, judge } from './judge/judge.js';
import { judgeCrew } from './judge/judge-crew.js';
import { judgeConnections, watchMemory } from './judge/judge-resources.js';
import { Observer } from './judge/observer.js';
import { tellStories } from './judge/stories.js';
import { type LedgerLine, readLedgers } from './load/ledger.js';
import type { Plan, Round } from './plan/plan.js';
import { randomOf } from './plan/random.js';
import { Crew } from './system/crew.js';
import { injectAll } from './system/inject.js';
import type { Happened, Stage } from './system/stage.js';
import { startWorld } from './system/world.js';

/** What came of one round. */
export interface RoundReport extends Judgement {
  readonly faults: readonly Happened[];
  /** From the end of the last fault until no task was open, in milliseconds; undefined: never. */
  readonly recoveryMs: number | undefined;
}

/** What came of a plan. */
export interface EpisodeReport {
  readonly plan: Plan;
  readonly rounds: readonly RoundReport[];
  readonly breaches: readonly Breach[];
  /** Where ledgers and logs lie: kept when something was broken. */
  readonly folder: string;
}

/** How an episode is run, beside its plan. */
export interface EpisodeOptions {
  /** How long finished tasks are kept, in milliseconds. @default an hour */
  readonly keptMs?: number | undefined;
  /** Called after each round; false ends the episode. */
  readonly onRound?: ((stage: Stage, report: RoundReport) => Promise<boolean>) | undefined;
  /** Names of processes that no fault kills. @default none */
  readonly spared?: readonly string[] | undefined;
}

/** All that is open must have ended by then: leases, failover, silent sockets, backoff, and a slow machine. */
const REST_MS = 45_000;
/** A wait of a producer ends by itself before. */
const LOADED_MS = 90_000;
const PREFIX = 'chaos';

/** Runs a plan in a system of its own, and judges it at every rest. */
export async function runEpisode(plan: Plan, options: EpisodeOptions = {}): Promise<EpisodeReport> {
  const { keptMs = 3_600_000, spared = [] } = options;
  const folder = mkdtempSync(join(tmpdir(), 'goflow-chaos-'));
  const { next } = randomOf(plan.seed);
  const appendOnly = plan.bug !== 'no-append-only-file';
  await using world = await startWorld(plan.world, { random: next, appendOnly });
  await using observer = new Observer({ world, prefix: PREFIX, keptMs });
  const crew = new Crew({ plan, world, prefix: PREFIX, folder, keptMs });
  const stage: Stage = { world, crew, prefix: PREFIX, spared: new Set(spared) };
  const rounds: RoundReport[] = [];
  const breaches: Breach[] = [];
  try {
    await crew.start();
    const memory = await watchMemory(crew);
    const isReplicated = (plan.minReplicas ?? 0) > 0;
    const episode = { stage, observer, isReplicated, read: new Map<string, number>() };
    for (const round of plan.rounds) {
      const report = await runRound(episode, round);
      rounds.push(report);
      const goesOn = (await options.onRound?.(stage, report)) ?? true;
      if (report.stuck > 0 || !goesOn) break;
    }
    breaches.push(...(await judgeConnections(stage, observer)), ...(await memory.judge()));
    await crew.stop();
    breaches.push(...judgeCrew(crew));
  } finally {
    crew.kill();
  }
  breaches.unshift(...rounds.flatMap((round) => round.breaches));
  if (breaches.length === 0) rmSync(folder, { recursive: true, force: true });
  return { plan, rounds, breaches, folder };
}

interface Running {
  readonly stage: Stage;
  readonly observer: Observer;
  readonly isReplicated: boolean;
  /** How far each ledger was read, in lines. */
  readonly read: Map<string, number>;
}

async function runRound(running: Running, round: Round): Promise<RoundReport> {
  const { stage, observer } = running;
  const [begunAt, masters] = [Date.now(), await stage.world.masters()];
  const loading = stage.crew.load(round.loadMs, LOADED_MS);
  // It is awaited below; until then it must not end the process.
  loading.catch(() => undefined);
  const faults = await injectAll(stage, round.faults);
  await stage.world.waitUntilWhole();
  const mendedAt = performance.now();
  await loading;
  await stage.crew.whenReady();
  const isAtRest = await observer.rest(REST_MS);
  const recoveryMs = isAtRest === undefined ? undefined : performance.now() - mendedAt;
  const hasFailedOver = (await stage.world.masters()) !== masters;
  if (hasFailedOver && !mayTurnBack(faults))
    faults.push({ name: 'failover-by-itself', from: begunAt, to: Date.now(), target: 'a master' });
  const judged = await judgeRest(running, faults);
  return { ...judged, faults, recoveryMs };
}

async function judgeRest(running: Running, faults: readonly Happened[]): Promise<Judgement> {
  const { observer } = running;
  const stories = tellStories(newLines(running));
  const acked = [...stories.values()].flatMap(({ ids }) => [...ids]);
  const snapshot = await observer.snapshot();
  const results: ReadonlyMap<string, TaskResult> = await observer.results(snapshot, acked);
  const judgement = judge({
    stories,
    snapshot,
    results,
    faults,
    isReplicated: running.isReplicated,
  });
  // While tasks are open the numbers move.
  if (judgement.stuck > 0) return judgement;
  return { ...judgement, breaches: [...judgement.breaches, ...(await observer.accounts(results))] };
}

/** What was written since the last rest. */
function newLines({ stage, read }: Running): LedgerLine[] {
  return stage.crew.all.flatMap(({ ledger }) => {
    if (!statSync(ledger, { throwIfNoEntry: false })) return [];
    const lines = readLedgers([ledger]);
    const from = read.get(ledger) ?? 0;
    read.set(ledger, lines.length);
    return lines.slice(from);
  });
}
