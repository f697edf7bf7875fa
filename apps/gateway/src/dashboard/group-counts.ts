import type { DeadLetterFilter, DeadLetterGroup, GoflowDeadLetters } from '@goflow/sdk';
import { comeTo } from './patience.js';

/** Groups of dead letters, as they were at a time. */
export interface GroupCount {
  readonly groups: readonly DeadLetterGroup[];
  readonly examined: number;
  /** False where there are more than are counted: the figures are of the newest. */
  readonly complete: boolean;
  /** What died later is in none of them. */
  readonly until: Date;
}

/** So long who asks waits for a count; then it goes on without them, and its result is there when they ask again. */
const PATIENCE_MS = 1_500;
/** A count reads every dead letter: it is done again no sooner than after ten times as long as it took. */
const REST = 10;
const LEAST_REST_MS = 2_000;
/** Different filters that are remembered, the last. */
const MAX_KEPT = 20;
const LONGEST_MS = 60_000;
/** Of different filters. */
const MAX_RUNNING = 4;

interface Kept {
  last: GroupCount | undefined;
  running: Promise<GroupCount> | undefined;
  /** Why the last one failed, until one does not. */
  failure: unknown;
  /** Milliseconds of `performance.now()`. */
  restsUntil: number;
}

/** Counts the groups of dead letters, once for all who look at them. */
export class GroupCounts {
  readonly #kept = new Map<string, Kept>();
  #running = 0;
  readonly #deadLetters: Pick<GoflowDeadLetters, 'groups'>;

  constructor(deadLetters: Pick<GoflowDeadLetters, 'groups'>) {
    this.#deadLetters = deadLetters;
  }

  /** The last count, or a new one; `undefined` while the first takes longer than one waits for it. @throws what the last one has thrown */
  async of(filter: DeadLetterFilter): Promise<GroupCount | undefined> {
    const kept = this.#keptOf(filter);
    const isFree = this.#running < MAX_RUNNING && !kept.running;
    if (isFree && performance.now() >= kept.restsUntil) this.#count(filter, kept);
    const counted = kept.running && (await comeTo(PATIENCE_MS, kept.running));
    if (!counted && kept.failure !== undefined) throw kept.failure;
    return counted ?? kept.last;
  }

  /** Something was done to them: who asks next waits for a new count. */
  forget(): void {
    this.#kept.clear();
  }

  #keptOf(filter: DeadLetterFilter): Kept {
    const key = JSON.stringify(filter);
    const kept = this.#kept.get(key) ?? emptyKept();
    // The last asked for is the last to go.
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return kept;
  }

  #count(filter: DeadLetterFilter, kept: Kept): void {
    const startedAt = performance.now();
    const now = new Date();
    const until = filter.until && filter.until < now ? filter.until : now;
    const signal = AbortSignal.timeout(LONGEST_MS);
    const running = this.#deadLetters
      .groups({ ...filter, until }, { signal })
      .then((counted) => ({ ...counted, until }));
    kept.running = running;
    this.#running += 1;
    const end = (last: GroupCount | undefined, failure?: unknown): void => {
      const endedAt = performance.now();
      this.#running -= 1;
      kept.last = last;
      kept.failure = failure;
      kept.running = undefined;
      kept.restsUntil = last ? endedAt + Math.max(LEAST_REST_MS, REST * (endedAt - startedAt)) : 0;
    };
    running.then(end, (failure: unknown) => end(undefined, failure));
  }
}

const emptyKept = (): Kept => ({
  last: undefined,
  running: undefined,
  failure: undefined,
  restsUntil: 0,
});
