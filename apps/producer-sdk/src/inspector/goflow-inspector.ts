import type { QueueCounts, TaskDefinitions, TaskId, TaskState, TaskTypeOf } from '@goflow/shared';
import type {
  DiscardAllOptions,
  DiscardReport,
  GroupOptions,
  RedriveAllOptions,
  RedriveOptions,
  RedriveReport,
} from './dead-letter-options.js';
import type { DeadLetterFilter, TaskFilter } from './filter.js';
import type { DeadLetterGroup } from './groups.js';
import type { TaskList } from './task-list.js';
import type { TaskInfo, WorkerInfo } from './task-summary.js';

/** How many tasks there are. */
export interface TaskCounts {
  /** By queue of the contracts, and state. */
  readonly queues: Readonly<Record<string, QueueCounts>>;
  /** By state, of all these queues. */
  readonly totals: QueueCounts;
}

/** How many tasks there are, by type too. */
export interface TypedTaskCounts extends TaskCounts {
  /** By type and state: those of the contracts, and others of which there are tasks. */
  readonly types: Readonly<Record<string, QueueCounts>>;
}

/** Options of {@link GoflowInspector.counts}. */
export interface CountsOptions {
  /** Counts by type as well, which looks at every task. @default false */
  readonly types?: boolean | undefined;
  /** Ends the counting, which then rejects with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
}

/** What came of a {@link GoflowDeadLetters.redrive}. */
export interface Redriven {
  readonly id: string;
  /** The state that it was in; `unknown` for an id that has no task. */
  readonly found: TaskState | 'unknown';
  readonly redriven: boolean;
}

/** What came of a {@link GoflowDeadLetters.discard}. */
export interface Discarded {
  readonly id: string;
  /** The state that it was in; `unknown` for an id that has no task. */
  readonly found: TaskState | 'unknown';
  readonly discarded: boolean;
}

/** What became of groups of dead letters. */
export interface GroupedDeadLetters {
  /** The largest first. */
  readonly groups: readonly DeadLetterGroup[];
  /** How many tasks were looked at. */
  readonly examined: number;
  /** False when the limit, the signal or the 10,000th group ended it: the counts are of a part, the newest of each queue. */
  readonly complete: boolean;
}

/** Finds tasks. Nothing here blocks Redis, however many there are: whatever is long is made of many short commands. */
export interface GoflowInspector<D extends TaskDefinitions = TaskDefinitions> {
  /** Tasks that failed for good or expired. */
  readonly deadLetters: GoflowDeadLetters<D>;

  /**
   * Counts the tasks of all queues of the contracts, by queue and state.
   *
   * With `types: true` also by type and state. That looks at every task, so it takes time in proportion to their number; a task that
   * goes on meanwhile may be counted in two states, or in none. Tasks past their retention are left out there, and not in the others.
   *
   * @throws OPTION_INVALID, BROKER_UNAVAILABLE, BROKER_REFUSED; with `types`, the reason of the signal
   */
  counts(options: CountsOptions & { readonly types: true }): Promise<TypedTaskCounts>;
  counts(options?: CountsOptions): Promise<TaskCounts>;

  /**
   * Lists tasks: queue by queue in the order of the contracts; in a queue those that are active, waiting, delayed, failed, expired,
   * cancelled, completed; in a state the newest first.
   *
   * Pages are stable: a task that stays in its state is on exactly one of them, whatever comes and goes meanwhile. One that changes its
   * state may be on two, or on none. One call looks at no more than 5,000 tasks, so with a filter that few tasks answer to a page may
   * hold less than `limit`, even nothing, and yet have a `next`. Tasks past their retention are left out.
   *
   * @param filter what must be true of the tasks. @default all
   * @param cursor the `next` of the page before
   * @param limit 1 to 1,000. @default 50
   * @throws OPTION_INVALID naming the field; CURSOR_INVALID; BROKER_UNAVAILABLE, BROKER_REFUSED
   * @example
   * let page = await goflow.inspector.list({ state: 'failed', tag: 'eu' });
   * while (page.next) page = await goflow.inspector.list({ state: 'failed', tag: 'eu' }, page.next);
   */
  list(
    filter?: TaskFilter<TaskTypeOf<D>>,
    cursor?: string,
    limit?: number,
  ): Promise<TaskList<TaskTypeOf<D>>>;

  /** All about a task; `undefined` for an id that has none, or whose retention is over. @throws BROKER_UNAVAILABLE, BROKER_REFUSED */
  get<T extends TaskTypeOf<D>>(id: TaskId<T>): Promise<TaskInfo<T> | undefined>;
  get(id: string): Promise<TaskInfo | undefined>;

  /** The workers that are alive. @throws BROKER_UNAVAILABLE, BROKER_REFUSED */
  workers(): Promise<readonly WorkerInfo[]>;

  /** The names of the queues of the contracts. */
  queues(): readonly string[];
}

/** Tasks that failed for good or expired: they are kept to be looked at, tried again or thrown away. */
export interface GoflowDeadLetters<D extends TaskDefinitions = TaskDefinitions> {
  /** Lists dead letters, as {@link GoflowInspector.list} lists tasks. @throws OPTION_INVALID, CURSOR_INVALID */
  list(
    filter?: DeadLetterFilter<TaskTypeOf<D>>,
    cursor?: string,
    limit?: number,
  ): Promise<TaskList<TaskTypeOf<D>>>;

  /** Groups dead letters by how they failed. @param filter @default all. @throws OPTION_INVALID */
  groups(
    filter?: DeadLetterFilter<TaskTypeOf<D>>,
    options?: GroupOptions,
  ): Promise<GroupedDeadLetters>;

  /**
   * Puts a task that failed, expired or was cancelled back into its queue, with all its attempts before it, and without its `startBy`
   * and `deadline`. A task in any other state stays as it is: the answer says so.
   *
   * @throws OPTION_INVALID; PAYLOAD_INVALID, PAYLOAD_NOT_SERIALIZABLE, PAYLOAD_TOO_LARGE, TASK_TYPE_UNKNOWN for a payload
   * @throws BROKER_UNAVAILABLE, BROKER_REFUSED
   */
  redrive(id: string, options?: RedriveOptions): Promise<Redriven>;

  /**
   * Redrives all dead letters that answer to a filter and ended before it began: what fails again meanwhile is left alone.
   *
   * @param filter `{}` for all; it has to be said. `until` keeps it to those that were counted before
   * @throws OPTION_INVALID
   * @throws BROKER_UNAVAILABLE, BROKER_REFUSED: `error.details.progress` tells how far it came; called again, it does the rest
   * @example
   * await goflow.inspector.deadLetters.redriveAll({ fingerprint }, { rate: 50 });
   */
  redriveAll(
    filter: DeadLetterFilter<TaskTypeOf<D>>,
    options?: RedriveAllOptions,
  ): Promise<RedriveReport>;

  /**
   * Removes a task that failed, expired or was cancelled, with all that belongs to it. A task in any other state stays as it is: the
   * answer says so.
   *
   * @throws BROKER_UNAVAILABLE, BROKER_REFUSED
   */
  discard(id: string): Promise<Discarded>;

  /**
   * Removes all dead letters that answer to a filter and ended before it began.
   *
   * @param filter `{}` for all; it has to be said. `until` keeps it to those that were counted before
   * @throws OPTION_INVALID
   * @throws BROKER_UNAVAILABLE, BROKER_REFUSED: `error.details.progress` tells how far it came; called again, it does the rest
   */
  discardAll(
    filter: DeadLetterFilter<TaskTypeOf<D>>,
    options?: DiscardAllOptions,
  ): Promise<DiscardReport>;
}
