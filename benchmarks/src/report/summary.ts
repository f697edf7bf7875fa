import type { Costs } from '../costs.js';
import { median } from '../quantile.js';
import type { Figure, Measurement, Reach, Unit } from '../scenario.js';
import { SYSTEMS, type SystemName } from '../systems/system.js';

/** What one round measured, of each system that was measured. */
export type Round = Readonly<Partial<Record<SystemName, Measurement>>>;

/** One line of the result. */
export interface Row {
  /** What was measured, in words. */
  readonly title: string;
  readonly unit: Unit;
  readonly reach: Reach;
  /** Medians of all rounds. */
  readonly medians: Readonly<Partial<Record<SystemName, number>>>;
  /**
   * What is looked at, by round: the median, the lowest and the highest. For a limit goflow's figure, otherwise a ratio; undefined when
   * the measurement failed.
   */
  readonly judged: Spread | undefined;
  /** goflow's figure over BullMQ's, or over goflow's own: the median of the rounds. undefined where there is none. */
  readonly ratio: number | undefined;
  readonly pass: boolean;
}

export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** The result of one scenario. */
export interface Summary {
  /** The name of the scenario. */
  readonly name: string;
  readonly rounds: number;
  readonly rows: readonly Row[];
  /** Medians, by system. */
  readonly costs: Readonly<Partial<Record<SystemName, Costs>>>;
  /** What else was measured: medians, by name and system. */
  readonly more: Readonly<Record<string, Row['medians']>>;
  /** Why there are no figures. */
  readonly error: string | undefined;
}

/** What {@link summarise} is given. */
export interface Measured {
  readonly name: string;
  readonly figures: readonly Figure[];
  readonly rounds: readonly Round[];
  readonly error?: string | undefined;
}

/** Medians, and ratios round by round: both of a round met the same noise. */
export function summarise({ name, figures, rounds, error }: Measured): Summary {
  const keys = new Set(figures.map(({ key }) => key));
  const others = new Set(
    rounds.flatMap((round) =>
      SYSTEMS.flatMap((system) => Object.keys(round[system]?.values ?? {})),
    ),
  );
  const more = [...others]
    .filter((key) => !keys.has(key))
    .map((key) => [key, mediansOf(rounds, key)] as const);
  return {
    name,
    rounds: rounds.length,
    rows: figures.map((figure) => rowOf(figure, rounds, error === undefined)),
    costs: costsOf(rounds),
    more: Object.fromEntries(more),
    error,
  };
}

/** Whether a value reaches what it must. */
export function reaches(value: number, { is, than }: Reach): boolean {
  if (is === '>=') return value >= than;
  return is === '<=' ? value <= than : value < than;
}

function rowOf(
  { key, title, unit, reach }: Figure,
  rounds: readonly Round[],
  isWhole: boolean,
): Row {
  const ratios = spreadOf(
    rounds.map(({ goflow, bullmq }) => (goflow?.values[key] ?? NaN) / (bullmq?.values[key] ?? NaN)),
  );
  const own = spreadOf(rounds.map(({ goflow }) => goflow?.values[key] ?? NaN));
  const judged = reach.of === 'ratio' ? ratios : own;
  return {
    title,
    unit,
    reach,
    medians: mediansOf(rounds, key),
    judged,
    ratio: (reach.of === 'itself' ? own : ratios)?.median,
    pass: isWhole && judged !== undefined && reaches(judged.median, reach),
  };
}

function spreadOf(values: readonly number[]): Spread | undefined {
  const known = values.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return undefined;
  return { median: median(known), lowest: Math.min(...known), highest: Math.max(...known) };
}

function mediansOf(rounds: readonly Round[], key: string): Row['medians'] {
  return bySystem(
    (system) => spreadOf(rounds.map((round) => round[system]?.values[key] ?? NaN))?.median,
  );
}

function costsOf(rounds: readonly Round[]): Summary['costs'] {
  return bySystem((system) => {
    const costs = rounds.flatMap((round) => round[system]?.costs ?? []);
    return costs.length === 0 ? undefined : middleOf(costs);
  });
}

function middleOf(costs: readonly Costs[]): Costs {
  const middle = (of: keyof Costs): number => median(costs.map((cost) => cost[of] ?? NaN));
  return {
    redisCpuUs: middle('redisCpuUs'),
    nodeCpuUs: middle('nodeCpuUs'),
    scriptCalls: middle('scriptCalls'),
    commands: middle('commands'),
    ...(costs[0]?.bytes === undefined ? {} : { bytes: middle('bytes') }),
  };
}

/** What is known of each system, and nothing of the others. */
function bySystem<T>(find: (system: SystemName) => T | undefined): Partial<Record<SystemName, T>> {
  const found: Partial<Record<SystemName, T>> = {};
  for (const system of SYSTEMS) {
    const one = find(system);
    if (one !== undefined) found[system] = one;
  }
  return found;
}
