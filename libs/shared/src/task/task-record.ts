import type { TaskFailure } from '../errors/task-failure.js';
import type { ResolvedRetention } from '../options/retention.js';
import type { TaskAttempt, TaskLogEntry } from './task-detail.js';
import type { TaskId } from './task-id.js';
import type { FinalState, OpenState, TaskState } from './task-state.js';

/** What a broker knows of a task. Times are milliseconds since 1970. */
export interface TaskRecord {
  readonly id: TaskId;
  readonly type: string;
  readonly state: TaskState;
  /** Attempts that have ended. */
  readonly attempts: number;
  readonly pushedAt: number;
  readonly startedAt?: number | undefined;
  readonly finishedAt?: number | undefined;
  /** The result, where the task completed. */
  readonly result?: unknown;
  /** The result lies in the result store, and is not here. */
  readonly isStored?: true | undefined;
  /** The failure, where the task ended without a result, or of the last attempt where it is tried again. */
  readonly failure?: TaskFailure | undefined;
  /** Not started by then, it expires; whoever reads it first sees that. */
  readonly startBy?: number | undefined;
  /** Not completed by then, it fails. */
  readonly deadline?: number | undefined;
  /** What the push said about keeping it, where it said something. */
  readonly retention?: ResolvedRetention | undefined;
}

/** The facts about a task that every answer carries. */
export interface TaskFacts<Type extends string = string> {
  readonly id: TaskId<Type>;
  readonly type: Type;
  /** Attempts that have ended. */
  readonly attempts: number;
  readonly pushedAt: Date;
  /** When its last attempt began. */
  readonly startedAt?: Date | undefined;
  readonly finishedAt?: Date | undefined;
}

/** An id that never existed, or whose retention is over. */
export interface UnknownTask {
  readonly status: 'unknown';
  readonly id: string;
}

/** What `getResult` answers: every id has an answer, and "not finished yet" is one of them. */
export type TaskResult<Value = unknown, Type extends string = string> =
  | ({ readonly status: 'completed'; readonly value: Value } & TaskFacts<Type>)
  | ({
      readonly status: Exclude<FinalState, 'completed'>;
      readonly failure: TaskFailure;
    } & TaskFacts<Type>)
  | ({ readonly status: OpenState } & TaskFacts<Type>)
  | UnknownTask;

/** What `status` answers: where a task stands and how it got there, without its result. */
export type TaskStatus<Progress = unknown, Type extends string = string> =
  | ({
      readonly status: TaskState;
      /** How often it was started, hand-backs and crashes included: what `ctx.starts` said last. */
      readonly starts: number;
      /** Why the last attempt failed, where one did. */
      readonly failure?: TaskFailure | undefined;
      /** What the handler last reported with `ctx.progress`. */
      readonly progress?: Progress | undefined;
      /** The last lines that the handler logged, the oldest first. */
      readonly log: readonly TaskLogEntry[];
      /** Its attempts, the first first; of very many only the last. */
      readonly history: readonly TaskAttempt[];
    } & TaskFacts<Type>)
  | UnknownTask;
