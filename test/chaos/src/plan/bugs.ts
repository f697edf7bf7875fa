import type { FaultName, WorldKind } from './fault-kinds.js';
import type { Plan, PlannedFault } from './plan.js';

/** One defect that is planted on purpose, and what shows it. */
export interface Bug {
  /** What is wrong, in one sentence. */
  readonly what: string;
  /** The breach that must be found. */
  readonly breach: string;
  readonly world?: WorldKind;
  readonly workers?: number;
  readonly loadMs?: number;
  /** Faults: name, at, lasts, in milliseconds, and chance. */
  readonly faults: readonly (readonly [FaultName, number, number, number?])[];
}

/** The harness is worth as much as what it finds: each of these must turn it red. */
export const BUGS = {
  'no-job-id': {
    what: 'a push that may have arrived is made again as another task',
    breach: 'pushed-twice',
    faults: [['net-drop-reply', 500, 1_500, 0.9]],
  },
  'max-stalled-1': {
    what: 'a task that stalls a second time fails, whoever was to blame',
    breach: 'wrong-end',
    workers: 1,
    loadMs: 4_000,
    faults: [
      ['worker-kill', 1_500, 100],
      ['worker-kill', 6_000, 100],
      ['worker-kill', 10_500, 100],
    ],
  },
  'no-socket-timeout': {
    what: 'a connection that fell silent is never given up',
    breach: 'stuck',
    faults: [['net-half-open', 1_000, 1_500, 0.1]],
  },
  'events-only': {
    what: 'a wait hears of an outcome by a message only, and messages are lost',
    breach: 'wait-too-long',
    faults: [['net-refuse', 1_200, 2_000, 0.9]],
  },
  'close-without-deadline': {
    what: 'a worker that is to stop waits for its handlers for ever',
    breach: 'does-not-stop',
    faults: [['worker-stop-deaf', 500, 500]],
  },
  'early-return': {
    what: 'a task is completed before its work is done',
    breach: 'no-effect',
    faults: [['worker-kill', 1_500, 100]],
  },
  'swapped-results': {
    what: 'a task gets the result of another',
    breach: 'wrong-result',
    faults: [],
  },
  'no-stalled-check': {
    what: 'nobody looks for the tasks of a worker that died',
    breach: 'stuck',
    faults: [['worker-kill', 1_500, 100]],
  },
  'connection-leak': {
    what: 'connections are opened and not closed',
    breach: 'connections',
    faults: [],
  },
  'no-append-only-file': {
    what: 'Redis keeps nothing on its disk',
    breach: 'lost',
    faults: [['redis-kill', 1_500, 200]],
  },
} as const satisfies Record<string, Bug>;

/** The name of one of {@link BUGS}. */
export type BugName = keyof typeof BUGS;

/** The plan that shows a bug. */
export function planOfBug(name: BugName): Plan {
  const bug: Bug = BUGS[name];
  const faults = bug.faults.map(
    ([fault, atMs, lastsMs, chance = 0.5]): PlannedFault => ({
      name: fault,
      atMs,
      lastsMs,
      chance,
    }),
  );
  return {
    seed: 1,
    world: bug.world ?? 'alone',
    workers: bug.workers ?? 2,
    producers: 1,
    rate: 80,
    rounds: [{ loadMs: bug.loadMs ?? 3_000, faults }],
    bug: name,
  };
}
