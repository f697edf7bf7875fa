import { expect, test } from 'vitest';
import { runEpisode } from './episode.js';
import { BUGS, type BugName, planOfBug } from './plan/bugs.js';
import type { FaultName, WorldKind } from './plan/fault-kinds.js';
import { makePlan } from './plan/plan.js';
import { tellBreaches } from './report.js';

/** Short seeds, so that the whole takes two minutes; `npm run chaos -- --seeds 20` runs longer ones. */
const SHORT = { rounds: 1, loadMs: 3_000 };
const TIME_MS = 180_000;

test.each<[WorldKind, number]>([
  ['alone', 4],
  ['sentinel', 30],
  ['cluster', 44],
])(
  '%s, seed %i: nothing is lost, stuck, swapped, or run twice without a reason',
  async (world, seed) => {
    const episode = await runEpisode(makePlan(seed, { ...SHORT, world }));
    expect(tellBreaches(episode).split('\n').slice(0, -1)).toEqual([]);
    expect(episode.rounds[0]?.acknowledged).toBeGreaterThan(0);
  },
  TIME_MS,
);

test(
  'without a fault no task runs twice',
  async () => {
    const plan = makePlan(1, { ...SHORT, world: 'alone' });
    const { rounds, breaches } = await runEpisode({
      ...plan,
      rounds: [{ loadMs: 2_000, faults: [] }],
    });
    expect(breaches).toEqual([]);
    expect(rounds[0]).toMatchObject({ duplicates: 0, lost: 0, stuck: 0 });
  },
  TIME_MS,
);

/** What was found once stays found: a failover that ended connections for good. */
test.each<[WorldKind, FaultName]>([['sentinel', 'master-kill']])(
  '%s survives %s',
  async (world, name) => {
    const plan = makePlan(30, { ...SHORT, world });
    const faults = [{ name, atMs: 1_000, lastsMs: 4_000, chance: 0.5 }];
    const episode = await runEpisode({ ...plan, rounds: [{ loadMs: 4_000, faults }] });
    expect(tellBreaches(episode).split('\n').slice(0, -1)).toEqual([]);
  },
  TIME_MS,
);

/** The quick ones; `npm run chaos -- --bugs` plants all. */
const QUICK: readonly BugName[] = [
  'no-job-id',
  'early-return',
  'swapped-results',
  'connection-leak',
  'no-append-only-file',
];

test.each(QUICK)(
  'the planted bug %s is found',
  async (name) => {
    const { breaches } = await runEpisode(planOfBug(name));
    expect(breaches.map(({ kind }) => kind)).toContain(BUGS[name].breach);
  },
  TIME_MS,
);
