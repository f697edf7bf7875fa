import type { ResolvedBackoffOptions } from '../options/backoff.js';
import type { TaskId } from '../task/task-id.js';
import type { TaskRecord } from '../task/task-record.js';

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
  /** Where the outcome is to be announced: a {@link ReplyInbox.address}. */
  readonly replyTo?: string | undefined;
}

/** Tasks of one queue by state. */
export type QueueCounts = Readonly<
  Record<'waiting' | 'delayed' | 'active' | 'completed' | 'failed', number>
>;

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

/** What a client needs of a broker. Every call ends within the broker's time limit, or fails as BROKER_UNAVAILABLE. */
export interface Broker {
  /** Puts one task into its queue. @throws BROKER_UNAVAILABLE, BROKER_REFUSED */
  push(envelope: TaskEnvelope): Promise<void>;
  /** Puts many in; each has an outcome of its own: `undefined` when it is in, else the error. */
  pushMany(envelopes: readonly TaskEnvelope[]): Promise<readonly (Error | undefined)[]>;
  /** What is known of tasks, in the order of the ids; `undefined` where nothing is. */
  read(ids: readonly TaskId[]): Promise<readonly (TaskRecord | undefined)[]>;
  /** Opens a letter box. */
  openInbox(listener: ReplyListener): Promise<ReplyInbox>;
  /** How many tasks a queue holds, by state. */
  counts(queue: string): Promise<QueueCounts>;
  /** Resolves when the broker answers. */
  ping(): Promise<void>;
  /** Closes what this broker opened, within its time limit. */
  close(): Promise<void>;
}
