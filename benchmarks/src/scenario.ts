import type { Costs } from './costs.js';
import type { SystemName } from './systems/system.js';

/** `quick`: fewer tasks, so that the whole suite takes less than a minute. */
export type Mode = 'full' | 'quick';

/** How a figure is written, and what it counts. */
export type Unit = 'tasks/s' | 'ms' | 'B/task' | '%' | 'commands/s' | 'x';

/**
 * What a figure must reach. `of` says what is looked at: `ratio` goflow's figure over BullMQ's of the same round; `itself` goflow's figure,
 * which is a ratio of goflow to itself; `limit` goflow's figure in its unit.
 */
export interface Reach {
  readonly of: 'ratio' | 'itself' | 'limit';
  readonly is: '>=' | '<=' | '<';
  readonly than: number;
}

/** One line of the result. */
export interface Figure {
  /** Which of {@link Measurement.values} it is. */
  readonly key: string;
  readonly title: string;
  readonly unit: Unit;
  readonly reach: Reach;
}

/** What one measurement of one system found. */
export interface Measurement {
  /** The figures, and what else is worth to be told: the name of that says its unit, `p99, ms`. */
  readonly values: Readonly<Record<string, number>>;
  readonly costs?: Costs;
}

/** One measurement: of one system, in a process of its own, with an empty Redis. */
export interface MeasureJob<Size> {
  readonly system: SystemName;
  readonly redis: string;
  readonly size: Size;
}

/** A scenario as its file writes it. */
export interface ScenarioDefinition<Size> {
  /** What it is called on the command line. */
  readonly name: string;
  /** What is done, in one sentence. */
  readonly about: string;
  readonly sizes: Readonly<Record<Mode, Size>>;
  /** The systems that can do it. A quick run leaves out those that are there for information only. */
  readonly systems: readonly SystemName[];
  readonly figures: (size: Size) => readonly Figure[];
  /** The most rounds that are worth their time. @default those of the run */
  readonly rounds?: number;
  /** @throws Error when the work was not done as it should be. */
  readonly measure: (job: MeasureJob<Size>) => Promise<Measurement>;
}

/** A scenario as the suite sees it: without the type of its sizes. */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly rounds: number;
  systems(mode: Mode): readonly SystemName[];
  figures(mode: Mode): readonly Figure[];
  measure(job: Omit<MeasureJob<unknown>, 'size'> & { readonly mode: Mode }): Promise<Measurement>;
}

/** Makes a scenario of its definition. */
export function defineScenario<Size>(definition: ScenarioDefinition<Size>): Scenario {
  const { name, about, rounds = Number.POSITIVE_INFINITY, sizes, systems } = definition;
  const figures = (mode: Mode): readonly Figure[] => definition.figures(sizes[mode]);
  const isCompared = figures('full').some(({ reach }) => reach.of === 'ratio');
  const isNeeded = (system: SystemName): boolean =>
    system === 'goflow' || (system === 'bullmq' && isCompared);
  return {
    name,
    about,
    rounds,
    figures,
    systems: (mode) => (mode === 'quick' ? systems.filter(isNeeded) : systems),
    measure: ({ system, redis, mode }) => definition.measure({ system, redis, size: sizes[mode] }),
  };
}
