import type {
  Duration,
  Goflow,
  RetentionOptions,
  TaskDefinitions,
  TaskId,
  TaskTypeOf,
} from '@goflow/sdk';
import type { Handler, Worker } from '@goflow/worker';
import type { LocalWork, Tracker } from './tracker.js';

/** Options of {@link LocalGoflow.stop}. */
export interface LocalStopOptions {
  /**
   * What becomes of tasks that wait. `report`: they are not begun, and named. `run`: those that are due are run first; delayed ones are
   * named, and those of a queue that the worker takes nothing of. @default 'report'
   */
  readonly waiting?: 'report' | 'run' | undefined;
  /** How long running tasks may take, before they are aborted and named, too. @default the worker's `grace` */
  readonly grace?: Duration | undefined;
}

/** Options of {@link LocalGoflow.run}. */
export interface RunOptions {
  /** How long the function can be asked for when it has ended. @default { completed: '1d', failed: '7d' } */
  readonly retention?: RetentionOptions | undefined;
}

/** A task that had no outcome when local mode stopped. */
export interface LeftTask {
  readonly id: TaskId;
  readonly type: string;
  readonly status: 'waiting' | 'delayed' | 'active';
  readonly payload: unknown;
}

/** goflow in one process: the client, with its worker. Made by {@link createLocalGoflow}. */
export interface LocalGoflow<D extends TaskDefinitions> extends Goflow<D> {
  /** The worker that runs the tasks: its concurrency, its events. */
  readonly worker: Worker;

  /**
   * Adds a handler while it runs.
   *
   * @throws TASK_TYPE_UNKNOWN, HANDLER_DUPLICATE, HANDLER_INVALID
   */
  addHandler<T extends TaskTypeOf<D>>(type: T, handler: Handler<D[T], T>): this;

  /**
   * Queues any function of this process, among the tasks of the queue `default` and within its concurrency. It is run once; what it
   * throws is its failure.
   *
   * @returns its tracker
   * @throws OPTION_INVALID for what is no function and has no `run`; CLIENT_CLOSED
   */
  run<T>(work: LocalWork<T>, options?: RunOptions): Tracker<T>;

  /**
   * Stops: takes nothing new, waits for running tasks, and closes.
   *
   * @returns the tasks that have no outcome: none is lost unseen
   */
  stop(options?: LocalStopOptions): Promise<readonly LeftTask[]>;

  /** {@link LocalGoflow.stop}, for those who do not ask what is left. */
  close(): Promise<void>;
}
