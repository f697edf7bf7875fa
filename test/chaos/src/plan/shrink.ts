import type { Plan, PlannedFault } from './plan.js';

/** One fault, and the round it belongs to. */
interface Placed {
  readonly round: number;
  readonly fault: PlannedFault;
}

/**
 * A plan with as few faults as still break it: delta debugging, after Zeller and Hildebrandt (2002). Halves, then quarters, then single faults
 * are left out, as long as what is left still fails. What depends on timing may fail less often than always: the last plan that did is given.
 *
 * @param fails runs a plan and tells whether it still breaks
 */
export async function shrink(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  let kept = plan.rounds.flatMap(({ faults }, round) => faults.map((fault) => ({ round, fault })));
  let size = Math.ceil(kept.length / 2);
  while (size >= 1 && kept.length > 0) {
    const smaller = await without(plan, { kept, size, fails });
    if (smaller) kept = smaller;
    else if (size === 1) break;
    else size = Math.ceil(size / 2);
    size = Math.min(size, kept.length);
  }
  return withFaults(plan, kept);
}

interface Step {
  readonly kept: Placed[];
  readonly size: number;
  readonly fails: (plan: Plan) => Promise<boolean>;
}

/** What is left when `size` faults next to each other are taken out and it still fails; `undefined` when there are no such. */
async function without(plan: Plan, { kept, size, fails }: Step): Promise<Placed[] | undefined> {
  for (let at = 0; at < kept.length; at += size) {
    const rest = [...kept.slice(0, at), ...kept.slice(at + size)];
    if (await fails(withFaults(plan, rest))) return rest;
  }
  return undefined;
}

/** The plan with these faults only; rounds after the last of them are left out. */
function withFaults(plan: Plan, kept: readonly Placed[]): Plan {
  const last = Math.max(0, ...kept.map(({ round }) => round));
  const rounds = plan.rounds.slice(0, last + 1).map(({ loadMs }, index) => ({
    loadMs,
    faults: kept.filter(({ round }) => round === index).map(({ fault }) => fault),
  }));
  return { ...plan, rounds };
}
