import type {
  DeadLetterReason,
  ResolvedBackoffOptions,
  ResolvedRetention,
  TaskAttempt,
  TaskDetail,
  TaskFacts,
  TaskFailure,
  TaskLogEntry,
  TaskState,
  WorkerRecord,
} from '@goflow/shared';
import { causeOf } from './cause.js';

/** A task in a list. */
export interface TaskSummary<Type extends string = string> extends TaskFacts<Type> {
  readonly queue: string;
  readonly status: TaskState;
  readonly tags: readonly string[];
  /** 0 when it has none. */
  readonly priority: number;
  /** Why it ended without a result, or why its last attempt failed. */
  readonly failure?: TaskFailure | undefined;
  /** Of a dead letter: why it is one. */
  readonly reason?: DeadLetterReason | undefined;
  /** Of a dead letter: the same for all that failed in the same way. */
  readonly fingerprint?: string | undefined;
}

/** What a push said; what is not there, the contract says. */
export interface TaskInfoOptions {
  /** The total of attempts, the first included. */
  readonly maxAttempts?: number | undefined;
  readonly backoff?: ResolvedBackoffOptions | undefined;
  /** Of one attempt. */
  readonly timeoutMs?: number | undefined;
  /** When it can be taken at the earliest, while it is delayed. */
  readonly dueAt?: Date | undefined;
  readonly startBy?: Date | undefined;
  readonly deadline?: Date | undefined;
  readonly retention?: ResolvedRetention | undefined;
  readonly deduplicationKey?: string | undefined;
  readonly traceparent?: string | undefined;
}

/** All that is known of a task. */
export interface TaskInfo<Type extends string = string> extends TaskSummary<Type> {
  /** As it was pushed; `undefined` when it is no JSON. */
  readonly payload: unknown;
  /** Of a completed task. */
  readonly result?: unknown;
  /** The result lies in the result store: `getResult` gives it. */
  readonly isStored?: true | undefined;
  /** What its handler last reported with `ctx.progress`. */
  readonly progress?: unknown;
  /** The last lines that its handler logged, the oldest first. */
  readonly log: readonly TaskLogEntry[];
  /** Its attempts, the first first; of very many only the last. */
  readonly history: readonly TaskAttempt[];
  readonly options: TaskInfoOptions;
  /** How often it was started, hand-backs and crashes included. */
  readonly starts: number;
  /** How often its worker died or froze while it ran. */
  readonly stalls: number;
  /** The worker of the last attempt. */
  readonly worker?: string | undefined;
}

/** A live worker. */
export interface WorkerInfo {
  /** The same that stands in the history of tasks. */
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  /** The version of goflow. */
  readonly version: string;
  /** The newest version of a stored task that it reads. */
  readonly envelopeVersion: number;
  /** The types that it has handlers for. */
  readonly types: readonly string[];
  /** By queue: how many tasks it may run, and how many it runs. */
  readonly queues: WorkerRecord['queues'];
  /** What it was started with. */
  readonly labels?: WorkerRecord['labels'];
  /** What its concurrency is kept between, whatever is wanted. */
  readonly concurrencyBounds?: WorkerRecord['concurrencyBounds'];
  readonly startedAt: Date;
  /** When it last took a task. */
  readonly lastTakenAt?: Date | undefined;
  /** When it last gave a sign of life. */
  readonly seenAt: Date;
  /** How late its event loop was of late, in milliseconds. */
  readonly eventLoopLagMs: number;
  readonly state: string;
}

export function toSummary(task: TaskDetail): TaskSummary {
  const { id, type, queue, state, attempts, tags, priority } = task;
  const cause = causeOf(task);
  return present({
    id,
    type,
    queue,
    status: state,
    attempts,
    tags,
    priority,
    pushedAt: new Date(task.pushedAt),
    startedAt: dateOf(task.startedAt),
    finishedAt: dateOf(task.finishedAt),
    failure: task.failure,
    ...cause,
  });
}

export function toInfo(task: TaskDetail): TaskInfo {
  const { payload, result, isStored, progress, log, history, starts, stalls } = task;
  const worker = history.at(-1)?.worker;
  return {
    ...toSummary(task),
    ...present({ result, isStored, progress, worker }),
    payload,
    log,
    history,
    starts,
    stalls,
    options: optionsOf(task),
  };
}

function optionsOf(task: TaskDetail): TaskInfoOptions {
  const { maxAttempts, backoff, timeoutMs, retention, deduplicationKey, traceparent } = task;
  return present({
    maxAttempts,
    backoff,
    timeoutMs,
    retention,
    deduplicationKey,
    traceparent,
    dueAt: dateOf(task.dueAt),
    startBy: dateOf(task.startBy),
    deadline: dateOf(task.deadline),
  });
}

export function toWorkerInfo(worker: WorkerRecord): WorkerInfo {
  return present({
    ...worker,
    envelopeVersion: worker.envelopeVersion ?? 1,
    startedAt: new Date(worker.startedAt),
    lastTakenAt: dateOf(worker.lastTakenAt),
    seenAt: new Date(worker.seenAt),
  });
}

function dateOf(ms: number | undefined): Date | undefined {
  return ms === undefined ? undefined : new Date(ms);
}

/** Without what is `undefined`: it would be printed and compared. */
function present<T extends object>(given: T): T {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;
}
