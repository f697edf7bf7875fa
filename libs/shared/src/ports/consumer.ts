import type { ResolvedBackoffOptions } from '../options/backoff.js';
import type { ResolvedRetention } from '../options/retention.js';
import type { TaskNews } from '../task/task-detail.js';
import type { TaskId } from '../task/task-id.js';
import type { Verdict } from '../task/task-outcome.js';
import type { QueueCounts } from './broker.js';
import type { Clock } from './clock.js';
import type { AuditRecord, ConcurrencyRule } from './fleet-broker.js';
import type { FleetExporter } from './fleet-exporter.js';
import type { WorkerAdvert } from './inspector-broker.js';

/** A task that a consumer has taken, and holds a lease on. */
export interface TakenTask {
  readonly id: TaskId;
  readonly queue: string;
  /** As found in the queue: it need not be a known type, nor a type at all. */
  readonly type: string;
  /** As decoded from JSON; not yet checked against a schema. */
  readonly payload: unknown;
  /** False when the data in the queue was no JSON. */
  readonly readable: boolean;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Rises with every start of this task, on any worker: a fencing token. */
  readonly starts: number;
  /** What the push said, where it said something. */
  readonly maxAttempts: number | undefined;
  readonly backoff: ResolvedBackoffOptions | undefined;
  readonly timeoutMs: number | undefined;
  /** Milliseconds since 1970. */
  readonly startBy: number | undefined;
  /** Milliseconds since 1970. */
  readonly deadline: number | undefined;
  readonly retention: ResolvedRetention | undefined;
  readonly tags: readonly string[];
  readonly traceparent: string | undefined;
  readonly tracestate?: string | undefined;
  /** What its reader has to understand, where that is more than version 1: see ENVELOPE_VERSION. */
  readonly envelopeVersion?: number | undefined;
  /** How often its worker died or froze while it ran. */
  readonly stalls: number;
  /** Its worker died or froze, and this was not told of before; of a chunk, one task says it. @default false */
  readonly isTakenOver?: boolean | undefined;
  /** Its handler was begun before, by a worker that was lost: `startBy` is kept. */
  readonly wasBegun: boolean;
  /** Milliseconds since 1970. */
  readonly pushedAt: number;
  /** When it could have been taken at the earliest: `pushedAt` plus its delay. */
  readonly dueAt: number;
  /** Aborts when the lease is lost, the task is cancelled, the attempt times out, or the worker leaves. */
  readonly signal: AbortSignal;
  /** True once `signal` is aborted; costs nothing to ask. */
  readonly isAborted: boolean;
  /** Aborts `signal` with a reason. */
  abort(reason: unknown): void;
  /** Keeps progress and log lines with the task and tells those who watch; dropped when the lease is lost. */
  report(news: TaskNews): Promise<void>;
}

/** What a consumer tells those who listen. */
export interface ConsumerListener {
  /**
   * The verdict is recorded; the attempt ran `runMs`. Not called for a task whose lease was lost: its outcome was dropped.
   */
  settled(task: TakenTask, verdict: Verdict, runMs: number): void;
  /** The lease was lost; somebody else runs the task, and this outcome is dropped. */
  leaseLost(task: TakenTask): void;
  /** Tasks waited and none was taken, though slots were free: what takes them was rebuilt. @default nobody is told */
  rebuilt?(): void;
}

/** What a queue's consumer is made of. */
export interface ConsumeOptions {
  readonly queue: string;
  /** Tasks at once; 0 takes nothing. */
  readonly concurrency: number;
  /** Runs one task. It never throws: whatever happens is a verdict. */
  readonly run: (task: TakenTask) => Promise<Verdict>;
  readonly listener: ConsumerListener;
  /** How long finished tasks are kept, by type, where their push does not say. */
  readonly retention: ReadonlyMap<string, ResolvedRetention>;
  /** What workers are called in the history of tasks. */
  readonly worker: string;
}

/** One queue being consumed. */
export interface Consumer {
  readonly queue: string;
  readonly concurrency: number;
  /** Tasks running now. */
  readonly active: number;
  /** Their types, one for each, as found in the queue. */
  readonly activeTypes: readonly string[];
  /** Slots in use: a chunk has one, also between two of its tasks. */
  readonly slots: number;
  /** Takes tasks from now on. Resolves when it does. */
  start(): Promise<void>;
  /** Takes effect at once; running tasks are not touched. */
  setConcurrency(concurrency: number): Promise<void>;
  /** Takes nothing new. */
  quiet(): Promise<void>;
  /** Quiet, then waits up to `graceMs` for running tasks, then aborts them and hands them back. Always ends. */
  stop(graceMs: number): Promise<void>;
  /** True when tasks can be taken now: connected, started, not stopping. */
  isConsuming(): boolean;
  /** True when tasks wait, slots are free and nothing is taken, though the consumer was rebuilt; false again when it takes a task. */
  readonly isStuck: boolean;
  counts(): Promise<QueueCounts>;
}

/** What a worker needs of a broker. */
export interface ConsumerBroker {
  /** The time that all workers and clients of this broker agree on. */
  readonly clock: Clock;
  /** The newest version of an envelope that is read here. @default ENVELOPE_VERSION */
  readonly envelopeVersion?: number | undefined;
  /** What tells of all queues, for metrics. @default nobody does here */
  readonly exporter?: FleetExporter | undefined;
  consume(options: ConsumeOptions): Consumer;
  /** Tells the others what this worker is and can do, every few seconds from now on. */
  advertise(advert: () => WorkerAdvert): void;
  /** Tells it now, out of turn: something of it has changed. @default they see it a few seconds later */
  advertiseNow?(): void;
  /**
   * Tells the rules of the fleet, all of them: first as soon as they are read, and again whenever they have changed. Consumers that are started
   * after this call take their first task when the rules were told, or no answer came within 2 s; one that is refused them takes none.
   * @default there are none
   */
  watchRules?(listener: (rules: readonly ConcurrencyRule[]) => void): void;
  /** Writes what this worker changed of itself into the audit trail of the fleet. @default nobody does */
  recordChange?(change: Omit<AuditRecord, 'at'>): Promise<void>;
  /** When a live worker last said that it has a handler for the type; `undefined` when none ever did. */
  lastAdvertised(type: string): Promise<number | undefined>;
  /** Answers within the time limit, or throws BROKER_UNAVAILABLE. */
  ping(): Promise<void>;
  /** What is unwise about this broker's set-up, one sentence each: an evicting policy, no persistence … */
  audit(): Promise<readonly string[]>;
  /** Closes what it opened, after its consumers have stopped. */
  close(): Promise<void>;
}
