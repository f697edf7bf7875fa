import type {
  Cancelled,
  ClientEvents,
  Duration,
  PayloadInput,
  ProgressOutput,
  Pushed,
  PushOptions,
  QueueCounts,
  ResultOutput,
  TaskDefinitions,
  TaskId,
  TaskResult,
  TaskStatus,
  TaskTypeOf,
} from '@goflow/shared';
import type { GoflowFleet } from './fleet/goflow-fleet.js';
import type { GoflowInspector } from './inspector/inspector.js';
import type { WaitManyOptions } from './many/gather.js';
import type { MapOptions } from './many/map-options.js';
import type { MapOutcome } from './many/map-run.js';
import type { ManyOptions } from './many-options.js';
import type { TaskChange, WatchOptions } from './watching.js';

/** Options of {@link Goflow.wait}. */
export interface WaitOptions {
  /** How long to wait: '1ms' to 2^31 - 1 ms. Every wait has an end. @default '30s' */
  readonly timeout?: Duration | undefined;
  /** Ends the wait early, as WAIT_ABORTED. The task goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link Goflow.cancel}. */
export interface CancelOptions {
  /** Why, in at most 500 characters: the task's failure says it, and `ctx.signal.reason`. @default 'no reason given' */
  readonly reason?: string | undefined;
}

/** Any result of these contracts. */
export type AnyResult<D extends TaskDefinitions, T extends TaskTypeOf<D>> = TaskResult<
  ResultOutput<D[T]>,
  T
>;

/** The door of those who push tasks and ask for results. Made by {@link createGoflow}; one a process is enough. */
export interface Goflow<D extends TaskDefinitions> extends AsyncDisposable {
  /**
   * Pushes one task. When it resolves, the task is in Redis.
   *
   * @param type a task type of the contracts
   * @param payload the input of its payload schema; plain JSON, at most `payloadLimit` bytes
   * @returns the id to ask for the result with; with `id` or `deduplicationKey` that of the task which is there now: see
   *   {@link Goflow.pushOnce}
   * @throws TASK_TYPE_UNKNOWN, PAYLOAD_INVALID (names the field), PAYLOAD_NOT_SERIALIZABLE, PAYLOAD_TOO_LARGE,
   *   OPTION_INVALID: nothing was sent
   * @throws TASK_ID_TAKEN, TASK_TYPE_UNHANDLED (with `strict`)
   * @throws BROKER_UNAVAILABLE, BROKER_REFUSED: within `timeout`; `error.details.sent` tells whether it may have arrived
   * @throws REPLICAS_MISSING (with `minReplicas`): it has arrived, but not in so many replicas
   */
  push<T extends TaskTypeOf<D>>(
    type: T,
    payload: PayloadInput<D[T]>,
    options?: PushOptions,
  ): Promise<TaskId<T>>;

  /**
   * Like {@link Goflow.push}, and tells whether the task was there before.
   *
   * @returns the surviving id, and `deduplicated: true` when this push added no task
   * @example
   * const { id, deduplicated } = await goflow.pushOnce('image.resize', request, { deduplicationKey: request.url });
   */
  pushOnce<T extends TaskTypeOf<D>>(
    type: T,
    payload: PayloadInput<D[T]>,
    options: PushOptions,
  ): Promise<Pushed<T>>;

  /**
   * Pushes many tasks of one type, in few round trips. All payloads are checked before the first is sent. With `chunk` one entry of the queue
   * carries many of them: {@link PushManyOptions.chunk}.
   *
   * @returns the ids in the order of the payloads, when every task is in
   * @throws PAYLOAD_INVALID and the like, naming the index: nothing was sent
   * @throws PUSH_INCOMPLETE ({@link PushIncompleteError}) when some did not get in; `outcomes` tells of each
   * @example const ids = await goflow.pushMany('repeater', lines, { chunk: 100 });
   */
  pushMany<T extends TaskTypeOf<D>>(
    type: T,
    payloads: readonly PayloadInput<D[T]>[],
    options?: ManyOptions<PayloadInput<D[T]>>,
  ): Promise<readonly TaskId<T>[]>;

  /** The id that a task pushed with an `id` of your own has. @throws TASK_TYPE_UNKNOWN, OPTION_INVALID */
  idOf<T extends TaskTypeOf<D>>(type: T, id: string): TaskId<T>;

  /**
   * Asks for the result of a task. Every id has an answer: an open task is `waiting`, `delayed` or `active`; an id that never
   * existed, or whose retention is over, is `unknown`.
   *
   * @throws BROKER_UNAVAILABLE, BROKER_REFUSED; RESULT_STORE_AWAY, RESULT_STORE_MISSING where results are kept elsewhere
   * @throws KEY_MISSING for a result that is encrypted with a key that is not here
   */
  getResult<T extends TaskTypeOf<D>>(id: TaskId<T>): Promise<TaskResult<ResultOutput<D[T]>, T>>;
  getResult(id: string): Promise<TaskResult>;

  /**
   * Where a task stands: its state, progress, last log lines and attempts, without its result. Otherwise like
   * {@link Goflow.getResult}.
   */
  status<T extends TaskTypeOf<D>>(id: TaskId<T>): Promise<TaskStatus<ProgressOutput<D[T]>, T>>;
  status(id: string): Promise<TaskStatus>;

  /**
   * Tells of a task as it goes: what is known now, then its progress and log lines, at last its outcome, with which it ends. A line
   * that was lost on the way is told late; of progress only the last counts.
   *
   * @throws from `next()`: WAIT_ABORTED, CLIENT_CLOSED, BROKER_UNAVAILABLE
   * @example for await (const change of goflow.watch(id)) if (change.kind === 'progress') bar.update(change.progress);
   */
  watch<T extends TaskTypeOf<D>>(
    id: TaskId<T>,
    options?: WatchOptions,
  ): AsyncGenerator<TaskChange<ResultOutput<D[T]>, ProgressOutput<D[T]>, T>, void, undefined>;
  watch(id: string, options?: WatchOptions): AsyncGenerator<TaskChange, void, undefined>;

  /**
   * Cancels a task wherever it is, in any process. A waiting or delayed one ends at once. A running one sees `ctx.signal` abort, and
   * its outcome is `cancelled` unless it was faster. It is never tried again.
   *
   * @returns what was found, and what was done; an unknown or finished id is no error
   * @throws OPTION_INVALID, BROKER_UNAVAILABLE, BROKER_REFUSED
   */
  cancel(id: string, options?: CancelOptions): Promise<Cancelled>;

  /**
   * Waits for the result of a task.
   *
   * @returns the result
   * @throws TASK_FAILED ({@link TaskFailedError}), TASK_CANCELLED, TASK_EXPIRED when it ended otherwise
   * @throws TASK_UNKNOWN for an id that has no task; KEY_MISSING as {@link Goflow.getResult}
   * @throws WAIT_TIMEOUT ({@link WaitTimeoutError}), WAIT_ABORTED: the task goes on
   */
  wait<T extends TaskTypeOf<D>>(id: TaskId<T>, options?: WaitOptions): Promise<ResultOutput<D[T]>>;
  wait(id: string, options?: WaitOptions): Promise<unknown>;

  /**
   * Waits until all tasks have ended, however they did.
   *
   * @returns their results in the order of the ids; a task that failed is a result like any other. So is one that completed, and whose
   *   result is encrypted with a key that is not here: it is told as `failed`, with KEY_MISSING as the code of its failure
   * @throws WAIT_TIMEOUT, WAIT_ABORTED: the tasks go on; `error.details` is `{ done, total }`
   */
  waitAll<T extends TaskTypeOf<D>>(
    ids: readonly TaskId<T>[],
    options?: WaitManyOptions,
  ): Promise<AnyResult<D, T>[]>;

  /** Waits until the first of the tasks has ended, however it did. Otherwise like {@link Goflow.waitAll}. */
  waitAny<T extends TaskTypeOf<D>>(
    ids: readonly TaskId<T>[],
    options?: WaitManyOptions,
  ): Promise<AnyResult<D, T>>;

  /** Gives the results of tasks as they end. Otherwise like {@link Goflow.waitAll}. */
  asCompleted<T extends TaskTypeOf<D>>(
    ids: readonly TaskId<T>[],
    options?: WaitManyOptions,
  ): AsyncGenerator<AnyResult<D, T>, void, undefined>;

  /**
   * Pushes a task for each item of a source and gives the outcomes as they end. At most `inFlight` items are under way, so that a source
   * of any length takes bounded memory: it is read no faster than outcomes are taken. Leaving the loop stops it. With `chunk` items that
   * come together are pushed together. An item that cannot be pushed, or whose result is encrypted with a key that is not here, has an
   * `error`, and the others go on.
   *
   * @param source a sync or async iterable; what it throws is thrown after the outcomes of what was pushed before
   * @throws OPTION_INVALID, TASK_TYPE_UNKNOWN at once; WAIT_ABORTED, CLIENT_CLOSED from `next()`
   * @example
   * for await (const { index, result, error } of goflow.map('repeater', lines, { inFlight: 1000 })) …
   */
  map<T extends TaskTypeOf<D>, P extends PayloadInput<D[T]>>(
    type: T,
    source: Iterable<P> | AsyncIterable<P>,
    options?: MapOptions & PushOptions,
  ): AsyncGenerator<MapOutcome<ResultOutput<D[T]>, P, T>, void, undefined>;

  /** Finds tasks, counts them, and administers those that failed. */
  readonly inspector: GoflowInspector<D>;

  /** Steers all workers at once, and tells who did what. */
  readonly fleet: GoflowFleet;

  /** Subscribes to what this client does. What a listener throws is logged, and harms nobody. */
  on<E extends keyof ClientEvents>(event: E, listener: (...args: ClientEvents[E]) => void): this;

  /** How many tasks a queue holds, by state. @throws OPTION_INVALID, BROKER_UNAVAILABLE, BROKER_REFUSED */
  counts(queue?: string): Promise<QueueCounts>;

  /**
   * Resolves when Redis answers: for a look at the connection before traffic is let in.
   *
   * @throws BROKER_UNAVAILABLE, BROKER_REFUSED
   */
  ping(): Promise<void>;

  /** Ends all waits (CLIENT_CLOSED) and closes what this client opened. A second call does nothing more. */
  close(): Promise<void>;
}
