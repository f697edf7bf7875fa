import type { Happened } from '../system/stage.js';
import type { Breach } from './breach.js';
import type { Causes } from './explained.js';
import type { Story } from './stories.js';

/** A lease of 2 s, a check each second, the start of another worker, and a busy machine. */
const RESTART_MS = 10_000;
/** Two queues of 8 slots; a handler that is deaf to its signal holds no slot any more, and runs on. */
const MAX_AT_ONCE = 18;
/** While a fault sets the concurrency to 30. */
const MAX_RAISED = 62;

/** Judges what workers did with all their tasks: how many at once, and how soon others took over from one that died. */
export function judgeWorkers(stories: Iterable<Story>, causes: Causes): Breach[] {
  const all = [...stories];
  const names = new Set(all.flatMap(({ starts }) => starts.map(({ by }) => by)));
  return [...names].flatMap((name) => [
    ...judgeAtOnce(name, all, causes.faults),
    ...judgeTakeover(name, all, causes),
  ]);
}

function judgeAtOnce(
  name: string,
  stories: readonly Story[],
  faults: readonly Happened[],
): Breach[] {
  const of = (runs: Story['ends'], step: number) =>
    runs.filter(({ by }) => by === name).map(({ at }) => ({ at, step }));
  const steps = stories.flatMap(({ starts, ends }) => [...of(starts, 1), ...of(ends, -1)]);
  // What ended in the same millisecond made room.
  steps.sort((a, b) => a.at - b.at || a.step - b.step);
  let now = 0;
  let most = 0;
  for (const { step } of steps) {
    now += step;
    most = Math.max(most, now);
  }
  const isRaised = faults.some((one) => one.name === 'worker-concurrency' && one.target === name);
  if (most <= (isRaised ? MAX_RAISED : MAX_AT_ONCE)) return [];
  return [{ kind: 'too-many-at-once', what: `${name} ran ${most} tasks at once` }];
}

/** The first of the tasks that a dead worker had begun begins again in time. The others may queue up behind it. */
function judgeTakeover(
  name: string,
  stories: readonly Story[],
  { deaths, faults }: Causes,
): Breach[] {
  const diedAt = deaths.get(name);
  if (diedAt === undefined) return [];
  const next = stories.flatMap(({ starts, ends }) => {
    const isOpen = (token: number): boolean =>
      !ends.some((run) => run.by === name && run.starts === token);
    const begun = starts.findLast((run) => run.by === name);
    const later = starts.find((run) => run.at > diedAt);
    return begun && later && isOpen(begun.starts) ? [later.at] : [];
  });
  if (next.length === 0) return [];
  const firstAt = next.reduce((a, b) => Math.min(a, b));
  const inTheWay = faults.filter(({ from, to }) => from <= firstAt && to >= diedAt);
  const freeAt = inTheWay.reduce((last, { to }) => Math.max(last, to), diedAt);
  if (firstAt - freeAt <= RESTART_MS) return [];
  const what = `${firstAt - freeAt} ms after ${name} died the first of its tasks began again`;
  return [{ kind: 'late-takeover', what }];
}
