import type { TaskDetail } from '../task/task-detail.js';
import type { TaskId } from '../task/task-id.js';
import type { TaskState } from '../task/task-state.js';
import type { WorkerLabels } from './fleet-broker.js';

/** Which tasks a page is to be made of: of one queue, in one state, newest first. */
export interface PageQuestion {
  readonly queue: string;
  readonly state: TaskState;
  /** Only tasks with this tag. */
  readonly tag?: string | undefined;
  /** Only tasks that came into this state since, in milliseconds since 1970; of open ones, that were pushed since. */
  readonly since?: number | undefined;
  /** Goes on where the page before ended: its {@link TaskPage.next}. */
  readonly after?: string | undefined;
  /** How many tasks at most: 1 to 1,000. */
  readonly limit: number;
}

/** Some tasks, and where to go on. */
export interface TaskPage {
  /** Without log and history. */
  readonly tasks: readonly TaskDetail[];
  /** `undefined` when there are no more. A page may be empty, and yet there are more. */
  readonly next: string | undefined;
}

/** What {@link InspectorBroker.redrive} and {@link InspectorBroker.discard} found. */
export interface Administered {
  readonly found: TaskState | 'unknown';
  /** Whether it was done. */
  readonly done: boolean;
}

/** One queue of a worker, as it says it. */
export interface AdvertisedQueue {
  /** Tasks that it may run at once. */
  readonly concurrency: number;
  /** Tasks that it runs. */
  readonly active: number;
  /** What is wanted of it: a rule of the fleet, else what it was started with. @default `concurrency` */
  readonly desired?: number | undefined;
  /** It was set on the worker itself, and keeps to that until it is reset. @default false */
  readonly isOverridden?: boolean | undefined;
}

/** What a worker says of itself. */
export interface WorkerAdvert {
  /** The worker's name: the same that stands in the history of tasks. */
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  /** The version of goflow. */
  readonly version: string;
  /** The newest version of an envelope that it reads; one that does not say so reads version 1. */
  readonly envelopeVersion?: number | undefined;
  /** The types that it has handlers for. */
  readonly types: readonly string[];
  /** By queue. */
  readonly queues: Readonly<Record<string, AdvertisedQueue>>;
  /** What it was started with. @default none */
  readonly labels?: WorkerLabels | undefined;
  /** What its concurrency is kept between, whatever is wanted. @default 0 to 10,000 */
  readonly concurrencyBounds?: { readonly min: number; readonly max: number } | undefined;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** When it last took a task. */
  readonly lastTakenAt?: number | undefined;
  /** How late its event loop was of late, in milliseconds. */
  readonly eventLoopLagMs: number;
  readonly state: string;
}

/** A live worker, as the others see it. */
export interface WorkerRecord extends WorkerAdvert {
  /** When it last gave a sign of life, in milliseconds since 1970. */
  readonly seenAt: number;
}

/** What an administrator needs of a broker. */
export interface InspectorBroker {
  /** One page of tasks. Bounded work, whatever the size of the queue. @throws CURSOR_INVALID */
  page(question: PageQuestion): Promise<TaskPage>;
  /**
   * Puts a task that failed, expired or was cancelled back into its queue, with all its attempts before it and, where one is given,
   * another payload. Its `startBy` and `deadline` are taken off. `envelopeVersion`: what a reader of that payload has to understand.
   */
  redrive(id: TaskId, payloadJson?: string, envelopeVersion?: number): Promise<Administered>;
  /** Removes a finished task with all that belongs to it. */
  discard(id: TaskId): Promise<Administered>;
  /** The workers that are alive. */
  workers(): Promise<readonly WorkerRecord[]>;
}
