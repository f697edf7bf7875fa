import type {
  Duration,
  PayloadInput,
  PushOptions,
  QueueCounts,
  ResultOutput,
  TaskDefinitions,
  TaskId,
  TaskResult,
  TaskStatus,
  TaskTypeOf,
} from '@goflow/shared';

/** Options of {@link Goflow.wait}. */
export interface WaitOptions {
  /** How long to wait: '1ms' to 2^31 - 1 ms. Every wait has an end. @default '30s' */
  readonly timeout?: Duration | undefined;
  /** Ends the wait early, as WAIT_ABORTED. The task goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** The door of those who push tasks and ask for results. Made by {@link createGoflow}; one a process is enough. */
export interface Goflow<D extends TaskDefinitions> extends AsyncDisposable {
  /**
   * Pushes one task. When it resolves, the task is in Redis.
   *
   * @param type a task type of the contracts
   * @param payload the input of its payload schema; plain JSON, at most `payloadLimit` bytes
   * @returns the id to ask for the result with
   * @throws TASK_TYPE_UNKNOWN, PAYLOAD_INVALID (names the field), PAYLOAD_NOT_SERIALIZABLE, PAYLOAD_TOO_LARGE,
   *   OPTION_INVALID: nothing was sent
   * @throws BROKER_UNAVAILABLE, BROKER_REFUSED: within `timeout`; `error.details.sent` tells whether it may have arrived
   */
  push<T extends TaskTypeOf<D>>(
    type: T,
    payload: PayloadInput<D[T]>,
    options?: PushOptions,
  ): Promise<TaskId<T>>;

  /**
   * Pushes many tasks of one type, in few round trips. All payloads are checked before the first is sent.
   *
   * @returns the ids in the order of the payloads, when every task is in
   * @throws PAYLOAD_INVALID and the like, naming the index: nothing was sent
   * @throws PUSH_INCOMPLETE ({@link PushIncompleteError}) when some did not get in; `outcomes` tells of each
   */
  pushMany<T extends TaskTypeOf<D>>(
    type: T,
    payloads: readonly PayloadInput<D[T]>[],
    options?: PushOptions,
  ): Promise<readonly TaskId<T>[]>;

  /**
   * Asks for the result of a task. Every id has an answer: an open task is `waiting`, `delayed` or `active`; an id that never
   * existed, or whose retention is over, is `unknown`.
   *
   * @throws BROKER_UNAVAILABLE, BROKER_REFUSED
   */
  getResult<T extends TaskTypeOf<D>>(id: TaskId<T>): Promise<TaskResult<ResultOutput<D[T]>, T>>;
  getResult(id: string): Promise<TaskResult>;

  /** Where a task stands, without its result. Otherwise like {@link Goflow.getResult}. */
  status<T extends TaskTypeOf<D>>(id: TaskId<T>): Promise<TaskStatus<T>>;
  status(id: string): Promise<TaskStatus>;

  /**
   * Waits for the result of a task.
   *
   * @returns the result
   * @throws TASK_FAILED ({@link TaskFailedError}), TASK_CANCELLED, TASK_EXPIRED when it ended otherwise
   * @throws TASK_UNKNOWN for an id that has no task
   * @throws WAIT_TIMEOUT ({@link WaitTimeoutError}), WAIT_ABORTED: the task goes on
   */
  wait<T extends TaskTypeOf<D>>(id: TaskId<T>, options?: WaitOptions): Promise<ResultOutput<D[T]>>;
  wait(id: string, options?: WaitOptions): Promise<unknown>;

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
