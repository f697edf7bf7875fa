import type { TaskState } from '../task/task-state.js';

/** Labels of a worker: what it says of itself when it is started, such as `{ region: 'eu' }`. */
export type WorkerLabels = Readonly<Record<string, string>>;

/** Which consumers are meant: those of a queue, those of workers that have all of these labels. Empty: all. */
export interface ConcurrencyScope {
  readonly queue?: string | undefined;
  /** @default workers with any labels */
  readonly labels?: WorkerLabels | undefined;
}

/** The concurrency that is wanted of some workers, those that start later among them. */
export interface ConcurrencyRule extends ConcurrencyScope {
  /** 0 takes nothing new. */
  readonly concurrency: number;
  /** Who wanted it. */
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** One change of how the fleet works, and who made it. */
export interface AuditRecord extends ConcurrencyScope {
  /** Milliseconds since 1970, at the broker. */
  readonly at: number;
  readonly by: string;
  readonly action:
    | 'concurrency.set'
    | 'concurrency.reset'
    | 'queue.pause'
    | 'queue.resume'
    | 'worker.override'
    | 'worker.reset';
  /** The worker that was changed by itself. */
  readonly worker?: string | undefined;
  /** The concurrency before; `undefined` where none was said. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** A queue, as the broker finds it. */
export interface QueueRecord {
  readonly queue: string;
  readonly isPaused: boolean;
  readonly counts: Readonly<Record<TaskState, number>>;
  /** Since when the task waits that has waited longest, its delay not counted, in milliseconds since 1970: of those that are next in their line. */
  readonly oldestWaitingAt?: number | undefined;
}

/** How queues are listed. */
export interface QueuesOptions {
  /**
   * Looks through all keys of Redis, so that queues are found, too, that only other programs push to: a second or two for a million keys.
   * @default false: only where goflow has not told of any
   */
  readonly search?: boolean | undefined;
}

/** What became of a change. */
export interface FleetChange {
  /** False when it was so already. */
  readonly changed: boolean;
  /** The concurrency that was said for this scope before. */
  readonly before?: number | undefined;
}

/** What steers a fleet needs of a broker. Every call ends within the broker's time limit, or fails as BROKER_UNAVAILABLE. */
export interface FleetBroker {
  /** What is wanted of the workers. */
  rules(): Promise<readonly ConcurrencyRule[]>;
  /** Says what is wanted of a scope, in place of what was said of the same scope before; `undefined` says nothing more. */
  setRule(
    scope: ConcurrencyScope,
    concurrency: number | undefined,
    by: string,
  ): Promise<FleetChange>;
  /** Nothing more is taken from a queue, by any worker, until it is resumed. */
  pause(queue: string, by: string): Promise<FleetChange>;
  resume(queue: string, by: string): Promise<FleetChange>;
  /** All queues that hold, or held, tasks. Where it looks for them in all keys, each of its many steps ends within the time limit. */
  queues(options?: QueuesOptions): Promise<readonly QueueRecord[]>;
  /** The last changes, newest first: at most 1,000 are kept. */
  audit(limit: number): Promise<readonly AuditRecord[]>;
}
