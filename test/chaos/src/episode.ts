import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Breach } from './judge/breach.js';
import { judgeCrew } from './judge/judge-crew.js';
import { judgeConnections, watchMemory } from './judge/judge-resources.js';
import { Observer } from './judge/observer.js';
import type { Plan } from './plan/plan.js';
import { randomOf } from './plan/random.js';
import { type RoundReport, RunningRounds } from './round.js';
import { Crew } from './system/crew.js';
import type { Stage } from './system/stage.js';
import { startWorld } from './system/world.js';

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
  /**
   * How long finished tasks are kept, in milliseconds; then only those of the last round are judged. @default an hour, and all are judged at
   * each rest
   */
  readonly keptMs?: number | undefined;
  /** Called after each round; false ends the episode. */
  readonly onRound?: ((stage: Stage, report: RoundReport) => Promise<boolean>) | undefined;
  /** Names of processes that no fault kills. @default none */
  readonly spared?: readonly string[] | undefined;
}

const PREFIX = 'chaos';

/** Runs a plan in a system of its own, and judges it at every rest. */
export async function runEpisode(plan: Plan, options: EpisodeOptions = {}): Promise<EpisodeReport> {
  const { keptMs = 3_600_000, spared = [] } = options;
  const isRolling = options.keptMs !== undefined;
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
    const running = new RunningRounds({ stage, observer, isReplicated, isRolling });
    for (const round of plan.rounds) {
      const report = await running.run(round);
      rounds.push(report);
      const goesOn = (await options.onRound?.(stage, report)) ?? true;
      if (report.stuck > 0 || !goesOn) break;
    }
    breaches.push(...(await judgeConnections(stage, observer)), ...(await memory.judge()));
    await crew.stop();
  } catch (error) {
    // What does not come to an end is a breach like any other: the plan is kept, and the next seed is run.
    breaches.push({ kind: 'hangs', what: error instanceof Error ? error.message : String(error) });
  } finally {
    crew.kill();
  }
  breaches.push(...judgeCrew(crew));
  breaches.unshift(...rounds.flatMap((round) => round.breaches));
  if (breaches.length === 0) rmSync(folder, { recursive: true, force: true });
  return { plan, rounds, breaches, folder };
}
