import { statSync } from 'node:fs';
import type { Breach } from './judge/breach.js';
import { mayTurnBack } from './judge/explained.js';
import { type Judgement, judge } from './judge/judge.js';
import type { Observer } from './judge/observer.js';
import { tellStories } from './judge/stories.js';
import { type LedgerLine, readLedgers } from './load/ledger.js';
import type { Round } from './plan/plan.js';
import { injectAll } from './system/inject.js';
import type { Happened, Stage } from './system/stage.js';

/** What came of one round: what the rest after it shows beyond the one before. */
export interface RoundReport extends Judgement {
  readonly faults: readonly Happened[];
  /** From the end of the last fault until no task was open, in milliseconds; undefined: never. */
  readonly recoveryMs: number | undefined;
}

/** What rounds are run in. */
export interface RunningOptions {
  readonly stage: Stage;
  readonly observer: Observer;
  readonly isReplicated: boolean;
  /** Finished tasks are swept meanwhile: only those of the last round are judged. */
  readonly isRolling: boolean;
}

/** All that is open must have ended by then: leases, failover, silent sockets, backoff, and a slow machine. */
const REST_MS = 45_000;
/** A wait of a producer ends by itself before. */
const LOADED_MS = 90_000;

const NOTHING = {
  pushed: 0,
  acknowledged: 0,
  lost: 0,
  lostByRedis: 0,
  duplicates: 0,
  unexplainedDuplicates: 0,
  stuck: 0,
};

/** Runs one round after another, and judges at every rest all that was ever pushed: what ended once stays as it ended. */
export class RunningRounds {
  readonly #options: RunningOptions;
  /** How far each ledger was read, in lines. */
  readonly #read = new Map<string, number>();
  readonly #faults: Happened[] = [];
  readonly #told = new Set<string>();
  #before: typeof NOTHING = NOTHING;

  constructor(options: RunningOptions) {
    this.#options = options;
  }

  async run(round: Round): Promise<RoundReport> {
    const { stage, observer } = this.#options;
    const [begunAt, masters] = [Date.now(), await stage.world.masters()];
    const loading = stage.crew.load(round.loadMs, LOADED_MS);
    // It is awaited below; until then it must not end the process.
    loading.catch(() => undefined);
    const faults = await injectAll(stage, round.faults);
    await stage.world.waitUntilWhole();
    const mendedAt = performance.now();
    await loading;
    await stage.crew.whenReady();
    const isAtRest = await observer.rest(REST_MS);
    const recoveryMs = isAtRest === undefined ? undefined : performance.now() - mendedAt;
    const hasFailedOver = (await stage.world.masters()) !== masters;
    if (hasFailedOver && !mayTurnBack(faults)) faults.push(unplanned(begunAt));
    this.#faults.push(...faults);
    const judged = await this.#judge();
    return { ...this.#sinceLast(judged), faults, recoveryMs };
  }

  async #judge(): Promise<Judgement> {
    const { observer, isReplicated, isRolling, stage } = this.#options;
    const stories = tellStories(this.#lines());
    const acked = [...stories.values()].flatMap(({ ids }) => [...ids]);
    const snapshot = await observer.snapshot();
    const results = await observer.results(snapshot, acked);
    const killed = stage.crew.all.flatMap(({ name, exit }) =>
      exit?.signal === 'SIGKILL' ? [[name, exit.at] as const] : [],
    );
    const causes = { faults: this.#faults, deaths: new Map(killed) };
    const evidence = { stories, snapshot, results, isReplicated, isRolling, ...causes };
    const judgement = judge(evidence);
    // While tasks are open, or swept, the numbers move.
    if (judgement.stuck > 0 || isRolling) return judgement;
    const accounts = await observer.accounts(results);
    return { ...judgement, breaches: [...judgement.breaches, ...accounts] };
  }

  /** All that was written; only since the last rest where older tasks are swept. */
  #lines(): LedgerLine[] {
    const { stage, isRolling } = this.#options;
    return stage.crew.all.flatMap(({ ledger }) => {
      if (!statSync(ledger, { throwIfNoEntry: false })) return [];
      const lines = readLedgers([ledger]);
      if (!isRolling) return lines;
      const from = this.#read.get(ledger) ?? 0;
      this.#read.set(ledger, lines.length);
      return lines.slice(from);
    });
  }

  #sinceLast(judged: Judgement): Judgement {
    const breaches = judged.breaches.filter((breach) => this.#isNew(breach));
    if (this.#options.isRolling) return { ...judged, breaches };
    const before = this.#before;
    const names = Object.keys(NOTHING) as (keyof typeof NOTHING)[];
    this.#before = Object.fromEntries(names.map((name) => [name, judged[name]])) as typeof NOTHING;
    const since = names.map((name) => [name, judged[name] - before[name]] as const);
    return { ...(Object.fromEntries(since) as typeof NOTHING), breaches };
  }

  #isNew({ kind, what }: Breach): boolean {
    const text = `${kind} ${what}`;
    if (this.#told.has(text)) return false;
    this.#told.add(text);
    return true;
  }
}

const unplanned = (begunAt: number): Happened => ({
  name: 'failover-by-itself',
  from: begunAt,
  to: Date.now(),
  lastsMs: 0,
  target: 'a master',
});
