import type { BugName } from './bugs.js';
import { type FaultName, faultKind, faultsOf, WORLDS, type WorldKind } from './fault-kinds.js';
import { type Random, randomOf } from './random.js';

/** One fault of a plan. */
export interface PlannedFault {
  readonly name: FaultName;
  /** When, in milliseconds since the round began. */
  readonly atMs: number;
  readonly lastsMs: number;
  /** 0 to below 1: which of the workers, producers, servers it hits, and how hard. */
  readonly chance: number;
}

/** Load and faults; after them the system is left alone until it is quiet, and judged. */
export interface Round {
  readonly loadMs: number;
  readonly faults: readonly PlannedFault[];
}

/** All that an episode does, so that it can be saved, run again and shrunk. Times are milliseconds. */
export interface Plan {
  readonly seed: number;
  readonly world: WorldKind;
  readonly workers: number;
  readonly producers: number;
  /** Pushes a second, of each producer. */
  readonly rate: number;
  /** How many replicas must have a push before it is acknowledged. @default 0 */
  readonly minReplicas?: number | undefined;
  readonly rounds: readonly Round[];
  /** A defect that is planted on purpose, to see whether the harness finds it. */
  readonly bug?: BugName | undefined;
}

/** What a plan is made by, beside its seed. */
export interface PlanOptions {
  /** @default decided by the seed */
  readonly world?: WorldKind | undefined;
  readonly rounds: number;
  readonly loadMs: number;
}

/** The plan of a seed: always the same one. */
export function makePlan(seed: number, options: PlanOptions): Plan {
  const random = randomOf(seed);
  const drawn = random.pickWeighted([
    { world: WORLDS[0], weight: 5 },
    { world: WORLDS[1], weight: 2 },
    { world: WORLDS[2], weight: 2 },
  ]).world;
  const world = options.world ?? drawn;
  // Drawn apart, so that the rest of a plan does not depend on it.
  const isCareful = world === 'sentinel' && randomOf(-seed).next() < 0.5;
  return {
    seed,
    world,
    workers: random.between(2, 3),
    producers: random.between(1, 2),
    rate: random.between(40, 120),
    ...(isCareful ? { minReplicas: 1 } : {}),
    rounds: Array.from({ length: options.rounds }, () => makeRound(random, world, options.loadMs)),
  };
}

function makeRound(random: Random, world: WorldKind, loadMs: number): Round {
  const count = random.between(2, 4);
  const faults = Array.from({ length: count }, () => makeFault(random, world, loadMs));
  return { loadMs, faults: faults.sort((a, b) => a.atMs - b.atMs) };
}

function makeFault(random: Random, world: WorldKind, loadMs: number): PlannedFault {
  const { name } = random.pickWeighted(faultsOf(world));
  const [least, most] = faultKind(name).lastsMs;
  return {
    name,
    // Not before there is something to break.
    atMs: random.between(Math.min(300, loadMs), Math.round(loadMs * 0.8)),
    lastsMs: random.between(least, most),
    chance: random.next(),
  };
}

/** A plan from a file. @throws Error for what is none */
export function readPlan(text: string): Plan {
  const plan = JSON.parse(text) as Plan;
  if (!WORLDS.includes(plan.world) || !Array.isArray(plan.rounds))
    throw new Error('this is no plan: expected what a run wrote with --save');
  for (const { name } of plan.rounds.flatMap(({ faults }) => faults)) faultKind(name);
  return plan;
}
