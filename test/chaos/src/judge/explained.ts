import { type FaultName, faultKind } from '../plan/fault-kinds.js';
import type { Happened } from '../system/stage.js';
import type { Run, Story } from './stories.js';

/** For so long after a fault a task that it broke off may run again: a lease, the check for lost ones, and the queue before it. */
const AFTER_MS = 12_000;
/** A connection that fell silent is given up after 15 s. */
const AFTER_SILENCE_MS = 30_000;
/** What was acknowledged so long before a master went away may not have been copied to its replica. */
const COPIED_MS = 3_000;
/** What was on its way when it went. */
const LEFT_MS = 1_000;
/** A master that comes back takes writes until it is told that there is another. */
const TOLD_MS = 3_500;

/** Faults, and the processes that were killed, with the time of their death. */
export interface Causes {
  readonly faults: readonly Happened[];
  readonly deaths: ReadonlyMap<string, number>;
}

/** Whether a fault can be why a run of a task was followed by another: it hit the process of the first, between their beginnings. */
export function isRunAgainExplained(first: Run, next: Run, causes: Causes): boolean {
  return causes.faults.some(
    (fault) =>
      faultKind(fault.name).mayRepeat &&
      fault.from <= next.at &&
      first.at <= fault.to + after(fault.name) &&
      mayHit(fault, first.by, causes),
  );
}

/** Whether a task may have been taken for one that takes its workers down: two faults that hit workers fell into its time. */
export function isPoisonExplained({ starts, pushedAt }: Story, { faults }: Causes): boolean {
  const last = starts.at(-1)?.at ?? 0;
  const met = faults.filter(
    (fault) =>
      faultKind(fault.name).mayRepeat &&
      fault.target !== 'producer' &&
      pushedAt <= fault.to + after(fault.name) &&
      fault.from <= last + AFTER_MS,
  );
  return starts.length >= 1 && met.length >= 2;
}

/** Whether Redis itself may have lost what it acknowledged at a time: replicas are written to later. */
export function mayBeForgotten(at: number, queue: string, faults: readonly Happened[]): boolean {
  return faults.some(({ name, from, to, lastsMs, target }) => {
    if (name === 'failover-by-itself') return at >= from && at <= to;
    if (!faultKind(name).mayForget || !target.includes(queue)) return false;
    const backAt = from + lastsMs;
    const isBefore = at >= from - COPIED_MS && at <= from + LEFT_MS;
    return isBefore || (at >= backAt && at <= backAt + TOLD_MS);
  });
}

/** Whether Redis may have gone back to an earlier state in these faults. */
export const mayTurnBack = (faults: readonly Happened[]): boolean =>
  faults.some(({ name }) => faultKind(name).mayForget);

/** A fault of one worker explains nothing about another, and one of the producers' network nothing about handlers. */
function mayHit({ name, target }: Happened, by: string, { deaths }: Causes): boolean {
  if (name === 'worker-poison') return deaths.has(by);
  if (name.startsWith('worker-')) return target.split(', ').includes(by);
  return target !== 'producer';
}

const after = (name: FaultName): number => (name === 'net-half-open' ? AFTER_SILENCE_MS : AFTER_MS);
