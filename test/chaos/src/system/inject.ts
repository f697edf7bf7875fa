import { setTimeout as pause } from 'node:timers/promises';
import type { FaultName } from '../plan/fault-kinds.js';
import type { PlannedFault } from '../plan/plan.js';
import { CREW_FAULTS } from './crew-faults.js';
import { NET_FAULTS } from './net-faults.js';
import { REDIS_FAULTS } from './redis-faults.js';
import type { Happened, Stage } from './stage.js';

/**
 * Breaks something, keeps it broken for as long as the fault lasts, mends it. Gives what it hit; what cannot be done now, because another
 * fault holds the same thing, is said, and left.
 */
export type Inject = (stage: Stage, fault: PlannedFault) => Promise<string>;

const INJECT: Readonly<Record<FaultName, Inject>> = {
  ...CREW_FAULTS,
  ...NET_FAULTS,
  ...REDIS_FAULTS,
};

/** Waits for the time of each fault and makes it happen. Resolves when all are over and mended. */
export async function injectAll(
  stage: Stage,
  faults: readonly PlannedFault[],
): Promise<Happened[]> {
  return Promise.all(
    faults.map(async (fault) => {
      await pause(fault.atMs);
      const from = Date.now();
      const target = await INJECT[fault.name](stage, fault);
      const { name, lastsMs } = fault;
      return { name, from, to: Date.now(), lastsMs, target };
    }),
  );
}
