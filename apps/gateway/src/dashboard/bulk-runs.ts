import { randomUUID } from 'node:crypto';
import type {
  DeadLetterFilter,
  DiscardReport,
  GoflowDeadLetters,
  RedriveReport,
} from '@goflow/sdk';
import type { FleetRuns, Logger } from '@goflow/shared';
import { comeTo } from './patience.js';
import { ToldRuns } from './told-runs.js';

/** What is done to many dead letters, and for whom. */
export interface BulkPlan {
  readonly kind: 'redrive' | 'discard';
  readonly filter: DeadLetterFilter & { readonly fingerprint: string; readonly until: Date };
  /** For people. */
  readonly of: string;
  /** Of a redrive, tasks a second. */
  readonly rate: number;
  readonly by: string;
}

/** How far it came. */
export interface BulkRun extends Pick<BulkPlan, 'kind' | 'of' | 'by'> {
  /** Of any gateway: a button may reach another one than showed it. */
  readonly id: string;
  /** Of the group. */
  readonly fingerprint: string;
  readonly startedAt: Date;
  readonly endedAt?: Date | undefined;
  readonly done: number;
  readonly failedCount: number;
  /** The first that it could not be done with, and why. */
  readonly failed: readonly { readonly id: string; readonly message: string }[];
  /** Why it ended early. */
  readonly trouble?: string | undefined;
  /** Its gateway has told nothing of it for a while: it has ended with it. @default false */
  readonly isLost?: boolean | undefined;
}

const MAX_AT_ONCE = 4;
/** So many are shown, and of this gateway kept, beside those that run. */
const MAX_KEPT = 10;
/** How long one is shown that has ended. */
const SHOWN_MS = 15 * 60_000;
const TELL_MS = 1_000;
const MAX_FAILED = 5;
/** Few tasks are done while one waits for the page. */
const PATIENCE_MS = 1_500;

interface BulkRunsDeps {
  readonly deadLetters: Pick<GoflowDeadLetters, 'redriveAll' | 'discardAll'>;
  /** What other gateways do; without it each shows its own. */
  readonly runs?: FleetRuns | undefined;
  readonly logger: Logger;
  /** Called when one has ended. */
  readonly onEnd: () => void;
}

interface Entry {
  run: BulkRun;
  readonly end: AbortController;
  ended: Promise<void>;
}

/**
 * Redrives and discards of whole groups, which go on while nobody looks. Each is told to the other gateways, every second; the end of the
 * gateway that does it ends it. What was not done then is done by the next.
 */
export class BulkRuns {
  /** The newest first. */
  #entries: Entry[] = [];
  readonly #deadLetters: BulkRunsDeps['deadLetters'];
  readonly #logger: Logger;
  readonly #told: ToldRuns;
  readonly #onEnd: () => void;

  constructor({ deadLetters, logger, runs, onEnd }: BulkRunsDeps) {
    this.#deadLetters = deadLetters;
    this.#logger = logger;
    this.#told = new ToldRuns(runs);
    this.#onEnd = onEnd;
  }

  /** Those that run, and those that ended of late, of all gateways; the newest first. */
  async all(): Promise<readonly BulkRun[]> {
    const others = await this.#others();
    const since = Date.now() - SHOWN_MS;
    return [...this.#entries.map(({ run }) => run), ...others]
      .filter(({ endedAt }) => !endedAt || endedAt.getTime() > since)
      .toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime())
      .filter((run, index) => index < MAX_KEPT || isRunning(run));
  }

  /** Starts, and waits a little for the end. @returns how far it came, or why it was not started */
  async start(plan: BulkPlan): Promise<BulkRun | 'one at a time' | 'too many'> {
    const others = await this.#others();
    const running = this.#entries.map(({ run }) => run).filter(isRunning);
    const { fingerprint } = plan.filter;
    const isSame = (run: BulkRun): boolean => isRunning(run) && run.fingerprint === fingerprint;
    if ([...running, ...others].some(isSame)) return 'one at a time';
    if (running.length >= MAX_AT_ONCE) return 'too many';
    const entry = this.#add(plan);
    await comeTo(PATIENCE_MS, entry.ended);
    return entry.run;
  }

  /** Ends one early; of another gateway it is `asked`. @throws BROKER_UNAVAILABLE, BROKER_REFUSED */
  async stop(id: string): Promise<'stopped' | 'asked' | 'over'> {
    const entry = this.#entries.find(({ run }) => run.id === id);
    if (entry && isRunning(entry.run)) {
      entry.end.abort();
      await entry.ended;
      return 'stopped';
    }
    const others = await this.#others();
    if (!others.some((run) => run.id === id && isRunning(run))) return 'over';
    await this.#told.end(id);
    return 'asked';
  }

  /** Ends all early. */
  async close(): Promise<void> {
    for (const { end } of this.#entries) end.abort();
    await Promise.all(this.#entries.map(({ ended }) => ended));
  }

  #add(plan: BulkPlan): Entry {
    const { kind, of, by, filter } = plan;
    const { fingerprint } = filter;
    const begun = { id: randomUUID(), startedAt: new Date(), fingerprint };
    const entry: Entry = {
      run: { ...begun, kind, of, by, done: 0, failedCount: 0, failed: [] },
      end: new AbortController(),
      ended: Promise.resolve(),
    };
    const ended = this.#carryOut(plan, entry);
    // What was told last is the end of it, and a gateway that stops has told it.
    const told = this.#tellUntil(ended, entry);
    entry.ended = Promise.all([ended, told]).then(() => undefined);
    this.#entries = [entry, ...this.#entries].filter(
      ({ run }, index) => index < MAX_KEPT || !run.endedAt,
    );
    return entry;
  }

  /** Those that this one does are known here better. */
  async #others(): Promise<readonly BulkRun[]> {
    const own = new Set(this.#entries.map(({ run }) => run.id));
    return (await this.#told.list()).filter(({ id }) => !own.has(id));
  }

  /** It never rejects. */
  async #tellUntil(ended: Promise<void>, entry: Entry): Promise<void> {
    while (!entry.run.endedAt) {
      if (await this.#told.tell(entry.run)) entry.end.abort();
      await comeTo(TELL_MS, ended);
    }
    await this.#told.tell(entry.run);
  }

  /** It never rejects. */
  async #carryOut(plan: BulkPlan, entry: Entry): Promise<void> {
    const { kind, filter, rate, by } = plan;
    const { signal } = entry.end;
    try {
      const report =
        kind === 'discard'
          ? await this.#deadLetters.discardAll(filter, {
              signal,
              onProgress: ({ discarded, failedCount }) => {
                entry.run = { ...entry.run, done: discarded, failedCount };
              },
            })
          : await this.#deadLetters.redriveAll(filter, {
              rate,
              signal,
              onProgress: ({ redriven, failedCount }) => {
                entry.run = { ...entry.run, done: redriven, failedCount };
              },
            });
      entry.run = { ...entry.run, ...endOf(report) };
    } catch (error) {
      const { message } = error as Error;
      entry.run = { ...entry.run, trouble: message, endedAt: new Date() };
    }
    this.#onEnd();
    const { done, failedCount, trouble } = entry.run;
    this.#logger.info(
      { kind, filter, by, done, failedCount, trouble },
      'dead letters were changed',
    );
  }
}

const isRunning = ({ endedAt, isLost }: BulkRun): boolean => !endedAt && isLost !== true;

function endOf(report: RedriveReport | DiscardReport): Partial<BulkRun> {
  const { failedCount, failed, complete } = report;
  return {
    done: 'redriven' in report ? report.redriven : report.discarded,
    failedCount,
    failed: failed.slice(0, MAX_FAILED).map(({ id, error }) => ({ id, message: error.message })),
    endedAt: new Date(),
    ...(complete ? {} : { trouble: 'it was stopped' }),
  };
}
