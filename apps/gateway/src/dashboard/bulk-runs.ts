import { randomUUID } from 'node:crypto';
import type {
  DeadLetterFilter,
  DiscardReport,
  GoflowDeadLetters,
  RedriveReport,
} from '@goflow/sdk';
import type { Logger } from '@goflow/shared';
import { within } from './patience.js';

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
  readonly startedAt: Date;
  readonly endedAt?: Date | undefined;
  readonly done: number;
  readonly failedCount: number;
  /** The first that it could not be done with, and why. */
  readonly failed: readonly { readonly id: string; readonly message: string }[];
  /** Why it ended early. */
  readonly trouble?: string | undefined;
}

const MAX_AT_ONCE = 4;
const MAX_KEPT = 10;
/** How long one is told of that has ended. */
const TOLD_MS = 5 * 60_000;
const MAX_FAILED = 5;
/** Few tasks are done while one waits for the page. */
const PATIENCE_MS = 1_500;

interface BulkRunsDeps {
  readonly deadLetters: Pick<GoflowDeadLetters, 'redriveAll' | 'discardAll'>;
  readonly logger: Logger;
  /** Called when one has ended. */
  readonly onEnd: () => void;
}

interface Entry {
  run: BulkRun;
  readonly fingerprint: string;
  readonly end: AbortController;
  ended: Promise<void>;
}

/**
 * Redrives and discards of whole groups, which go on while nobody looks: in this process only, so that another gateway does not show
 * them, and the end of this one ends them. What was not done then is done by the next.
 */
export class BulkRuns {
  /** The newest first. */
  #entries: Entry[] = [];
  readonly #deadLetters: BulkRunsDeps['deadLetters'];
  readonly #logger: Logger;
  readonly #onEnd: () => void;

  constructor({ deadLetters, logger, onEnd }: BulkRunsDeps) {
    this.#deadLetters = deadLetters;
    this.#logger = logger;
    this.#onEnd = onEnd;
  }

  /** Those that run, and those that ended of late; the newest first. */
  get all(): readonly BulkRun[] {
    const since = Date.now() - TOLD_MS;
    const runs = this.#entries.map(({ run }) => run);
    return runs.filter(({ endedAt }) => !endedAt || endedAt.getTime() > since);
  }

  /** Starts, and waits a little for the end. @returns how far it came, or why it was not started */
  async start(plan: BulkPlan): Promise<BulkRun | 'one at a time' | 'too many'> {
    const running = this.#entries.filter(({ run }) => !run.endedAt);
    const { fingerprint } = plan.filter;
    if (running.some((entry) => entry.fingerprint === fingerprint)) return 'one at a time';
    if (running.length >= MAX_AT_ONCE) return 'too many';
    const entry = this.#add(plan);
    await within(PATIENCE_MS, entry.ended);
    return entry.run;
  }

  /** Ends one early. @returns false where it had ended */
  async stop(id: string): Promise<boolean> {
    const entry = this.#entries.find(({ run }) => run.id === id && !run.endedAt);
    entry?.end.abort();
    await entry?.ended;
    return entry !== undefined;
  }

  /** Ends all early. */
  async close(): Promise<void> {
    for (const { end } of this.#entries) end.abort();
    await Promise.all(this.#entries.map(({ ended }) => ended));
  }

  #add(plan: BulkPlan): Entry {
    const { kind, of, by, filter } = plan;
    const begun = { id: randomUUID(), startedAt: new Date() };
    const entry: Entry = {
      run: { ...begun, kind, of, by, done: 0, failedCount: 0, failed: [] },
      fingerprint: filter.fingerprint,
      end: new AbortController(),
      ended: Promise.resolve(),
    };
    entry.ended = this.#carryOut(plan, entry);
    this.#entries = [entry, ...this.#entries].filter(
      ({ run }, index) => index < MAX_KEPT || !run.endedAt,
    );
    return entry;
  }

  /** It never rejects. */
  async #carryOut(plan: BulkPlan, entry: Entry): Promise<void> {
    const { kind, filter, rate, by } = plan;
    const { signal } = entry.end;
    try {
      const report =
        kind === 'discard'
          ? await this.#deadLetters.discardAll(filter, { signal })
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
