import type { ResolvedBackoffOptions } from '../options/backoff.js';
import type { ResolvedDeduplication } from '../options/deduplication.js';
import type { ResolvedRetention } from '../options/retention.js';
import type { TaskDetail, TaskNews } from '../task/task-detail.js';
import type { TaskId } from '../task/task-id.js';
import type { TaskRecord } from '../task/task-record.js';
import type { TaskState } from '../task/task-state.js';
import type { Clock } from './clock.js';
import type { FleetBroker } from './fleet-broker.js';
import type { FleetExporter } from './fleet-exporter.js';
import type { FleetRuns } from './fleet-runs.js';
import type { InspectorBroker } from './inspector-broker.js';

/** A task on its way to a queue: checked, encoded, with an id of its own, so that sending it twice is sending it once. */
export interface TaskEnvelope {
  readonly id: TaskId;
  readonly queue: string;
  readonly type: string;
  /** The payload as JSON, encoded once. */
  readonly payloadJson: string;
  /** Milliseconds since 1970. */
  readonly pushedAt: number;
  readonly delayMs?: number;
  readonly priority?: number;
  readonly maxAttempts?: number;
  readonly backoff?: ResolvedBackoffOptions;
  readonly timeoutMs?: number;
  /** Milliseconds since 1970. */
  readonly startBy?: number;
  /** Milliseconds since 1970. */
  readonly deadline?: number;
  readonly tags?: readonly string[];
  readonly retention?: ResolvedRetention;
  readonly deduplication?: ResolvedDeduplication;
  readonly traceparent?: string;
  /** Goes with the traceparent. */
  readonly tracestate?: string;
  /** The id was chosen by the caller: a task may have it already. */
  readonly isOwnId?: true;
  /** Where the outcome is to be announced: a {@link ReplyInbox.address}. */
  readonly replyTo?: string | undefined;
  /** What its reader has to understand, where that is more than version 1: see ENVELOPE_VERSION. */
  readonly envelopeVersion?: number | undefined;
}

/**
 * Many tasks of one type with the same options, carried by one entry of their queue. It takes one slot of a worker, in which its tasks
 * run one after another; to who pushed them, each is a task like any other, with the id `<id of the chunk>:<index>`.
 */
export interface ChunkEnvelope
  extends Omit<TaskEnvelope, 'payloadJson' | 'isOwnId' | 'deduplication'> {
  /** 1 to {@link MAX_CHUNK} payloads as JSON, by index. */
  readonly payloadsJson: readonly string[];
}

/** What became of a push. */
export interface Pushed<Type extends string = string> {
  /** The task that is there now. */
  readonly id: TaskId<Type>;
  /** True when it was there before, and no task was added. */
  readonly deduplicated: boolean;
}

/** Tasks of one queue by state. */
export type QueueCounts = Readonly<Record<TaskState, number>>;

/** What {@link Broker.cancel} found, and did. */
export interface Cancelled {
  /** The state that it was in; `unknown` for an id that has no task. */
  readonly found: TaskState | 'unknown';
  /**
   * `cancelled`: it is. `requested`: it is running, and its worker was told; it ends as cancelled unless it ends first.
   * `none`: there was nothing to cancel.
   */
  readonly effect: 'cancelled' | 'requested' | 'none';
}

/** Who reads a client's letter box. */
export interface ReplyListener {
  /** A task has its outcome. */
  reply(record: TaskRecord): void;
  /** A task has its outcome, too large to be sent: it is to be read. */
  ready(id: TaskId): void;
  /** The connection was away: replies may have been lost. */
  gap(): void;
}

/** A client's own letter box for outcomes. An outcome that is lost costs time, never an answer: clients also poll. */
export interface ReplyInbox {
  readonly address: string;
  close(): Promise<void>;
}

/** Ends what was begun with {@link Broker.watch}. */
export interface Watching {
  close(): Promise<void>;
}

/** How much of a task is read. */
export interface DetailOptions {
  /** False: its payload and its result, which may be large, may be left out. @default true */
  readonly values?: boolean;
}

/** What a client needs of a broker. Every call ends within the broker's time limit, or fails as BROKER_UNAVAILABLE. */
export interface Broker {
  /** The time that all clients and workers of this broker agree on. */
  readonly clock: Clock;
  /** Whether a live worker has a handler for the type, as far as is known; asking costs nothing. */
  isHandled(type: string): boolean | undefined;
  /** The same, asked a moment ago. */
  isHandledNow(type: string): Promise<boolean>;
  /** Puts one task into its queue. @throws BROKER_UNAVAILABLE, BROKER_REFUSED, TASK_ID_TAKEN */
  push(envelope: TaskEnvelope): Promise<Pushed>;
  /** Puts many in; each has an outcome of its own. */
  pushMany(envelopes: readonly TaskEnvelope[]): Promise<readonly (Pushed | Error)[]>;
  /** Puts chunks in; each is in whole, or not at all: then there is an error in its place. */
  pushChunks(chunks: readonly ChunkEnvelope[]): Promise<readonly (Error | undefined)[]>;
  /** What is known of tasks, in the order of the ids; `undefined` where nothing is. */
  read(ids: readonly TaskId[]): Promise<readonly (TaskRecord | undefined)[]>;
  /** All that is known of a task. */
  detail(id: TaskId, options?: DetailOptions): Promise<TaskDetail | undefined>;
  /** Ends a task wherever it is. `reason` is what its failure says. */
  cancel(id: TaskId, reason: string): Promise<Cancelled>;
  /** Tells of progress and log lines of a running task from now on. What is lost on the way is lost; `gap` says so. */
  watch(id: TaskId, listener: { news(news: TaskNews): void; gap(): void }): Promise<Watching>;
  /** Opens a letter box. */
  openInbox(listener: ReplyListener): Promise<ReplyInbox>;
  /** How many tasks a queue holds, by state. */
  counts(queue: string): Promise<QueueCounts>;
  /** How many tasks a queue holds that have not begun, waiting and delayed: asked often, and so cheaper than {@link Broker.counts}. */
  depth(queue: string): Promise<number>;
  /** What administers the same tasks. */
  readonly inspector: InspectorBroker;
  /** What steers all workers. */
  readonly fleet: FleetBroker;
  /** What tells of all queues, for metrics. @default nobody does here */
  readonly exporter?: FleetExporter | undefined;
  /** What tells of long runs of any process. @default each knows of its own only */
  readonly runs?: FleetRuns | undefined;
  /** Resolves when the broker answers. */
  ping(): Promise<void>;
  /** Closes what this broker opened, within its time limit. */
  close(): Promise<void>;
}
