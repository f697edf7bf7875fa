import type { EpisodeReport } from './episode.js';

/** What many episodes came to: the file of `--json`. */
export interface Summary {
  readonly seeds: number;
  readonly pushed: number;
  /** Pushes that were acknowledged. */
  readonly acknowledged: number;
  /** Acknowledged tasks that are gone. */
  readonly lost: number;
  /** Acknowledged tasks that Redis itself lost in a failover: replicas are written to later. */
  readonly lostByRedis: number;
  /** Runs beyond the first that did the work of a task. */
  readonly duplicates: number;
  readonly unexplainedDuplicates: number;
  /** Tasks that had no end when there was time enough. */
  readonly stuck: number;
  /** How often each kind of fault happened. */
  readonly faults: Readonly<Record<string, number>>;
  /** The longest time from the end of the last fault until no task was open, in milliseconds. */
  readonly longestRecoveryMs: number;
  /** Everything that was not as promised, by kind. */
  readonly breaches: Readonly<Record<string, number>>;
}

/** Sums up episodes. */
export function summarise(episodes: readonly EpisodeReport[]): Summary {
  const rounds = episodes.flatMap((episode) => episode.rounds);
  const sum = (of: (round: (typeof rounds)[number]) => number): number =>
    rounds.reduce((total, round) => total + of(round), 0);
  return {
    seeds: episodes.length,
    pushed: sum(({ pushed }) => pushed),
    acknowledged: sum(({ acknowledged }) => acknowledged),
    lost: sum(({ lost }) => lost),
    lostByRedis: sum(({ lostByRedis }) => lostByRedis),
    duplicates: sum(({ duplicates }) => duplicates),
    unexplainedDuplicates: sum((round) => round.unexplainedDuplicates),
    stuck: sum(({ stuck }) => stuck),
    faults: tally(rounds.flatMap(({ faults }) => faults.map(({ name }) => name))),
    longestRecoveryMs: Math.round(Math.max(0, ...rounds.map(({ recoveryMs }) => recoveryMs ?? 0))),
    breaches: tally(episodes.flatMap(({ breaches }) => breaches.map(({ kind }) => kind))),
  };
}

const HEAD = ['seed', 'world', 'faults', 'pushed', 'lost', 'duplicates', 'stuck', 'recovery', ''];
const WIDTHS = [8, 12, 7, 7, 5, 11, 6, 9, 0];

/** The head of the table. */
export const tableHead = (): string => inColumns(HEAD);

/** An episode, as a row of the table. */
export function tableRow(episode: EpisodeReport): string {
  const { plan, breaches } = episode;
  const one = summarise([episode]);
  const faults = Object.values(one.faults).reduce((sum, count) => sum + count, 0);
  const byRedis = one.lostByRedis > 0 ? ` (Redis lost ${one.lostByRedis} in a failover)` : '';
  const verdict =
    breaches.length === 0 ? 'right' : `WRONG: ${Object.keys(one.breaches).join(', ')}`;
  const numbers = [one.pushed, one.lost, one.duplicates, one.stuck];
  const isAlways = episode.rounds.every(({ recoveryMs }) => recoveryMs !== undefined);
  const recovery = isAlways ? `${(one.longestRecoveryMs / 1_000).toFixed(1)} s` : 'never';
  const world = plan.minReplicas ? `${plan.world} +${plan.minReplicas}` : plan.world;
  return inColumns([plan.seed, world, faults, ...numbers, recovery, verdict + byRedis]);
}

/** The first breaches, one a line. */
export function tellBreaches({ breaches, folder }: EpisodeReport, most = 15): string {
  const lines = breaches.slice(0, most).map(({ kind, what }) => `  ${kind}: ${what}`);
  if (breaches.length > most) lines.push(`  and ${breaches.length - most} more`);
  return [...lines, `  ledgers and logs: ${folder}`].join('\n');
}

/** The summary, as it is printed. */
export function tellSummary(summary: Summary): string {
  const { seeds, acknowledged, lost, lostByRedis, duplicates, stuck } = summary;
  const faults = Object.entries(summary.faults).sort(([, a], [, b]) => b - a);
  return [
    `${seeds} seeds, ${summary.pushed} tasks pushed, ${acknowledged} acknowledged, ${lost} lost, ${stuck} stuck`,
    `${duplicates} duplicates, ${summary.unexplainedDuplicates} of them without a fault that explains them`,
    `${lostByRedis} lost by Redis itself in a failover`,
    `longest recovery ${(summary.longestRecoveryMs / 1_000).toFixed(1)} s`,
    `faults: ${faults.map(([name, count]) => `${name} ${count}`).join(', ')}`,
  ].join('\n');
}

function inColumns(cells: readonly (string | number)[]): string {
  return cells
    .map((cell, index) => String(cell).padEnd(WIDTHS[index] ?? 0))
    .join(' ')
    .trimEnd();
}

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
