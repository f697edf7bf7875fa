import { runEpisode } from './episode.js';
import { faultsOf, type WorldKind } from './plan/fault-kinds.js';
import { makePlan, type Round } from './plan/plan.js';
import { tellBreaches } from './report.js';
import type { Stage } from './system/stage.js';

/** How a soak is run. */
export interface SoakOptions {
  readonly seed: number;
  readonly minutes: number;
  /** @default 'alone' */
  readonly world?: WorldKind | undefined;
}

/** One look at memory, after garbage was collected. Bytes. */
interface Sample {
  readonly name: string;
  readonly heap: number;
  readonly rss: number;
}

/** Finished tasks are swept while it runs, so that Redis holds as many all the time. */
const KEPT_MS = 180_000;
const LOAD_MS = 5_000;
/** At the first look caches fill and code is compiled: this share of the time is not compared. */
const WARM_UP = 0.25;
/** Memory at the end may be this share of memory after the warm-up, at most. */
const FLAT = 1.05;
const ANSWER_MS = 15_000;
/** More rounds than fit in the time: the time ends it. */
const ROUND_MS = 6_000;

/** The first worker and the first producer are hurt by the network and by Redis, and live to the end. */
const WITNESSES = ['worker0.1', 'producer2.3'];

/** Faults for a long time, and memory looked at after each round. Gives the exit code. */
export async function soak({ seed, minutes, world = 'alone' }: SoakOptions): Promise<number> {
  const rounds = Math.ceil((minutes * 60_000) / ROUND_MS);
  const drawn = makePlan(seed, { world, rounds, loadMs: LOAD_MS });
  const plan = { ...drawn, workers: 2, producers: 1, rounds: drawn.rounds.map(withoutPoison) };
  const endsAt = Date.now() + minutes * 60_000;
  const samples: Sample[][] = [];
  console.log(`${minutes} min, ${faultsOf(world).length} kinds of faults, ${world}`);
  const episode = await runEpisode(plan, {
    keptMs: KEPT_MS,
    spared: WITNESSES,
    async onRound(stage, { pushed, faults }) {
      const sample = await look(stage);
      samples.push(sample);
      console.log(tellRound(samples.length, { pushed, faults: faults.length, sample }));
      return Date.now() < endsAt;
    },
  });
  if (episode.breaches.length > 0) console.log(tellBreaches(episode));
  const isFlat = WITNESSES.map((name) => compare(name, samples)).every(Boolean);
  return episode.breaches.length === 0 && isFlat ? 0 : 1;
}

/** It takes down whichever worker meets it, a witness, too. */
const withoutPoison = (round: Round): Round => ({
  ...round,
  faults: round.faults.filter(({ name }) => name !== 'worker-poison'),
});

async function look({ crew }: Stage): Promise<Sample[]> {
  const witnesses = crew.all.filter(({ name }) => WITNESSES.includes(name));
  return Promise.all(
    witnesses.map(async (member) => {
      member.tell({ do: 'memory' });
      const answer = await member.answer('memory', ANSWER_MS);
      if (!answer) throw new Error(`${member.name} ended, and nothing was to kill it`);
      return { name: member.name, heap: answer.heap, rss: answer.rss };
    }),
  );
}

const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

function tellRound(
  round: number,
  { pushed, faults, sample }: { pushed: number; faults: number; sample: readonly Sample[] },
): string {
  const memory = sample.map(({ name, heap, rss }) => `${name} ${mib(heap)} (resident ${mib(rss)})`);
  return `round ${round}: ${pushed} pushed, ${faults} faults; ${memory.join(', ')}`;
}

/** The median of the last quarter against that of the quarter after the warm-up. */
function compare(name: string, samples: readonly Sample[][]): boolean {
  const heaps = samples
    .flatMap((sample) => sample.filter((one) => one.name === name))
    .map(({ heap }) => heap);
  const after = heaps.slice(Math.floor(heaps.length * WARM_UP));
  const part = Math.max(1, Math.floor(after.length / 3));
  const [before, later] = [median(after.slice(0, part)), median(after.slice(-part))];
  const ratio = later / before;
  const isFlat = ratio <= FLAT;
  console.log(
    `${name}: heap ${mib(before)} after the warm-up, ${mib(later)} at the end, ratio ${ratio.toFixed(3)}, ${isFlat ? 'flat' : 'NOT FLAT'}`,
  );
  return isFlat;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
