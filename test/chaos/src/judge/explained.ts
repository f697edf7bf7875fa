import { type FaultName, faultKind } from '../plan/fault-kinds.js';
import type { Happened } from '../system/stage.js';
import type { Story } from './stories.js';

/** For so long after a fault a task that it broke off may run again: a lease, the check for lost ones, and the queue before it. */
const AFTER_MS = 12_000;
/** A connection that fell silent is given up after 15 s. */
const AFTER_SILENCE_MS = 30_000;
/** What was acknowledged so long before a failover may not have been copied to the replica that is the master now. */
const COPIED_MS = 3_000;

/** Whether a fault can be why a task ran more than once: it fell between its first and its last run. */
export function isRepeatExplained({ starts }: Story, faults: readonly Happened[]): boolean {
  const first = starts[0]?.at ?? 0;
  const last = starts.at(-1)?.at ?? 0;
  return repeating(faults).some(({ name, from, to }) => from <= last && first <= to + after(name));
}

/** Whether a task may have been taken for one that takes its workers down: two faults ended its runs. */
export function isPoisonExplained(
  { starts, pushedAt }: Story,
  faults: readonly Happened[],
): boolean {
  const last = starts.at(-1)?.at ?? 0;
  const met = repeating(faults).filter(
    ({ name, from, to }) => pushedAt <= to + after(name) && from <= last + AFTER_MS,
  );
  return starts.length >= 2 && met.length >= 2;
}

/** Whether Redis itself may have lost what it acknowledged at a time: replicas are written to later. */
export function mayBeForgotten(at: number, faults: readonly Happened[]): boolean {
  return faults.some(
    ({ name, from, to }) => faultKind(name).mayForget && at >= from - COPIED_MS && at <= to,
  );
}

/** Whether Redis may have gone back to an earlier state in these faults. */
export const mayTurnBack = (faults: readonly Happened[]): boolean =>
  faults.some(({ name }) => faultKind(name).mayForget);

const repeating = (faults: readonly Happened[]): Happened[] =>
  faults.filter(({ name }) => faultKind(name).mayRepeat);

const after = (name: FaultName): number => (name === 'net-half-open' ? AFTER_SILENCE_MS : AFTER_MS);
