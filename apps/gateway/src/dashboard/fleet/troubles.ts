import type { QueueLoad } from '@goflow/sdk';
import { spell } from '@goflow/shared';
import type { DepthHistory } from './depth-history.js';
import type { FleetView } from './fleet-watch.js';

/** Something that is wrong now, and where more is to be seen. */
export interface Trouble {
  readonly kind: 'bad' | 'warn';
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

/** What is wrong with a queue, told without its name. */
export function troublesOfQueue(
  load: QueueLoad,
  view: FleetView,
  history: Pick<DepthHistory, 'of'>,
): readonly Trouble[] {
  const { queue } = load;
  const troubles: Trouble[] = [];
  const tell = (kind: Trouble['kind'], text: string, to: Partial<Trouble> = {}): void =>
    void troubles.push({ kind, text, path: '/queues', query: { q: queue }, ...to });
  const { waiting } = load.counts;
  const oldMs = view.at - (load.oldestWaitingAt ?? view.at);
  if (load.isPaused) tell('warn', `paused, ${plural(waiting, 'task')} waiting`);
  else if (waiting > 0 && slotsOf(queue, view) === 0)
    tell('bad', `nobody takes from it, ${plural(waiting, 'task')} waiting`, {
      path: '/workers',
      query: {},
    });
  else if (oldMs >= OLD_MS) tell('warn', `the oldest task has waited ${spell(oldMs)}`);
  const grown = grownIn(queue, history);
  if (grown > 0)
    tell('bad', plural(grown, 'new dead letter'), { path: '/dead-letters', query: { queue } });
  const ratio = failureRatio(load);
  if (ratio >= MANY_FAILED.ratio && load.failed >= MANY_FAILED.aSecond)
    tell('bad', `${Math.round(ratio * 100)} % of what ended failed`, {
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

/** How many dead letters there are more than when the history began. */
function grownIn(queue: string, history: Pick<DepthHistory, 'of'>): number {
  const depths = history.of(queue);
  return (depths.at(-1)?.dead ?? 0) - (depths[0]?.dead ?? 0);
}

function typeTroubles({ workers, queues }: FleetView, types: readonly string[]): Trouble[] {
  const known = new Set(workers.flatMap((worker) => worker.types));
  const missing = types.filter((type) => !known.has(type));
  if (missing.length === 0 || queues.length === 0) return [];
  if (workers.length === 0) return [{ kind: 'bad', text: 'no worker is alive', path: '/workers' }];
  const some = missing.slice(0, 5).join(', ');
  const more = missing.length > 5 ? ` and ${missing.length - 5} more` : '';
  return [{ kind: 'warn', text: `no worker has a handler for ${some}${more}`, path: '/workers' }];
}

function workerTroubles({ workers }: FleetView): Trouble[] {
  return workers
    .filter(({ eventLoopLagMs }) => eventLoopLagMs >= LATE_MS)
    .map(({ name, eventLoopLagMs }) => ({
      kind: 'warn',
      text: `${name}: its event loop is ${spell(eventLoopLagMs)} late`,
      path: '/workers',
    }));
}

export const plural = (count: number, word: string): string =>
  `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`;
