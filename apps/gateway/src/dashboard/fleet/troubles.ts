import type { QueueLoad } from '@goflow/sdk';
import { spell } from '@goflow/shared';
import type { DepthHistory } from './depth-history.js';
import type { FleetView } from './fleet-watch.js';

/** Something that is wrong now, and where more is to be seen. */
export interface Trouble {
  readonly kind: 'bad' | 'warn';
  /** What it is about: stays the same while its figures change. */
  readonly about: string;
  readonly text: string;
  /** Below `/dashboard`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
}

const OLD_MS = 5 * 60_000;
const LATE_MS = 1_000;
/** Of what ended: below, single failures of a quiet queue would be told. */
const MANY_FAILED = { ratio: 0.1, aSecond: 0.05 };

/** All that is wrong, the worst first. @param types those of the contracts */
export function troublesOf(
  view: FleetView,
  history: Pick<DepthHistory, 'of'>,
  types: readonly string[],
): readonly Trouble[] {
  const all = [
    ...view.queues.flatMap((load) =>
      troublesOfQueue(load, view, history).map((trouble) => ({
        ...trouble,
        text: `${load.queue}: ${trouble.text}`,
      })),
    ),
    ...typeTroubles(view, types),
    ...workerTroubles(view),
  ];
  return all.toSorted((a, b) => rank(a) - rank(b));
}

const rank = ({ kind }: Trouble): number => (kind === 'bad' ? 0 : 1);

const KINDS = { paused: 'warn', idle: 'bad', old: 'warn', dead: 'bad', failing: 'bad' } as const;

/** What is wrong with a queue, told without its name. */
export function troublesOfQueue(
  load: QueueLoad,
  view: FleetView,
  history: Pick<DepthHistory, 'of'>,
): readonly Trouble[] {
  const { queue } = load;
  const troubles: Trouble[] = [];
  const tell = (what: keyof typeof KINDS, text: string, to: Partial<Trouble> = {}): void => {
    const whose = { kind: KINDS[what], about: `${queue} ${what}` };
    troubles.push({ ...whose, text, path: '/queues', query: { q: queue }, ...to });
  };
  const { waiting } = load.counts;
  const oldMs = view.at - (load.oldestWaitingAt ?? view.at);
  if (load.isPaused) tell('paused', `paused, ${plural(waiting, 'task')} waiting`);
  else if (waiting > 0 && slotsOf(queue, view) === 0)
    tell('idle', `nobody takes from it, ${plural(waiting, 'task')} waiting`, {
      path: '/workers',
      query: {},
    });
  else if (oldMs >= OLD_MS) tell('old', `the oldest task has waited ${spell(oldMs)}`);
  const { grown, overMs } = grownIn(queue, history);
  if (grown > 0)
    tell('dead', `${plural(grown, 'new dead letter')} in the last ${minutes(overMs)}`, {
      path: '/dead-letters',
      query: { queue },
    });
  const ratio = failureRatio(load);
  if (ratio >= MANY_FAILED.ratio && load.failed >= MANY_FAILED.aSecond)
    tell('failing', `${Math.round(ratio * 100)} % of what ended in the last minute failed`, {
      path: '/tasks',
      query: { queue, state: 'failed' },
    });
  return troubles;
}

/** How many tasks all workers run at once in a queue. */
export const slotsOf = (queue: string, { workers }: FleetView): number =>
  workers.reduce((sum, { queues }) => sum + (queues[queue]?.concurrency ?? 0), 0);

/** Of what ended, the part that failed for good; 0 where nothing did. */
export const failureRatio = ({ completed, failed }: QueueLoad): number =>
  failed === 0 ? 0 : failed / (completed + failed);

/** How many dead letters there are more than when the history began, and how long ago that is. */
function grownIn(
  queue: string,
  history: Pick<DepthHistory, 'of'>,
): { readonly grown: number; readonly overMs: number } {
  const depths = history.of(queue);
  const [first, last] = [depths[0], depths.at(-1)];
  if (!first || !last) return { grown: 0, overMs: 0 };
  return { grown: last.dead - first.dead, overMs: last.at - first.at };
}

/** `minute`, `15 minutes`. */
export function minutes(ms: number): string {
  const count = Math.round(ms / 60_000);
  return count <= 1 ? 'minute' : plural(count, 'minute');
}

function typeTroubles({ workers, queues }: FleetView, types: readonly string[]): Trouble[] {
  const known = new Set(workers.flatMap((worker) => worker.types));
  const missing = types.filter((type) => !known.has(type));
  if (missing.length === 0 || queues.length === 0) return [];
  if (workers.length === 0)
    return [{ kind: 'bad', about: 'workers', text: 'no worker is alive', path: '/workers' }];
  const some = missing.slice(0, 5).join(', ');
  const more = missing.length > 5 ? ` and ${missing.length - 5} more` : '';
  const text = `no worker has a handler for ${some}${more}`;
  return [{ kind: 'warn', about: 'types', text, path: '/workers' }];
}

function workerTroubles({ workers }: FleetView): Trouble[] {
  return workers
    .filter(({ eventLoopLagMs }) => eventLoopLagMs >= LATE_MS)
    .map(({ name, eventLoopLagMs }) => ({
      kind: 'warn',
      about: `${name} lag`,
      text: `${name}: its event loop is ${spell(eventLoopLagMs)} late`,
      path: '/workers',
    }));
}

export const plural = (count: number, word: string): string =>
  `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`;
