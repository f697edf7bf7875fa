import type { TakenTask, TaskOutcome, TaskRecord, Verdict } from '@goflow/shared';
import type { Job } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import type { Cancellations } from './cancellations.js';
import { retainOwn } from './inspector/retained-tasks.js';
import { replyChannel } from './keys.js';
import { encodeReply } from './reply-inbox.js';
import { postReply } from './reply-outbox.js';
import { replyAddressOf, takenTaskOf } from './taken-job.js';

/** A task that has ended, and how. */
export interface EndedTask {
  readonly job: Job;
  readonly task: TakenTask;
  readonly outcome: Exclude<TaskOutcome, { readonly kind: 'retry' }>;
}

/** Where it ended. */
export interface EndSettings extends ReplyConnection {
  readonly cancellations: Cancellations;
  readonly report: (error: unknown) => void;
}

/**
 * What remains to be done when the end of a task is recorded, none of it waited for: 1. a wish to cancel it is forgotten, 2. when it
 * goes is written down, where its push said so: lost, the sweeper finds it with the others of its type, 3. the client that waits is
 * told: lost, that costs the client one poll.
 */
export function afterEnd(settings: EndSettings, ended: EndedTask): void {
  const { redis, prefix, cancellations, report } = settings;
  const { job, task, outcome } = ended;
  if (outcome.kind === 'cancelled') cancellations.forget(task.queue, job.id ?? '');
  const { retention } = task;
  if (retention) {
    const finishedAt = job.finishedOn ?? 0;
    retainOwn(redis, prefix, { id: task.id, state: outcome.kind, finishedAt, retention })?.catch(
      report,
    );
  }
  const address = replyAddressOf(job);
  if (address !== undefined && !told.has(job))
    sendReply(settings, address, { record: toRecord(ended), resultJson: resultJsonOf(outcome) });
}

/** Jobs whose end was announced by the call that recorded it. */
const told = new WeakSet<Job>();

/** What to announce with the very call that records a completion; undefined where nobody waits for this. */
export function replyOf(prefix: string, job: Job, finishedAt: number): Reply | undefined {
  const address = replyAddressOf(job);
  const task = address === undefined ? undefined : takenTaskOf(job);
  if (address === undefined || task?.verdict?.kind !== 'completed') return undefined;
  const attempts = job.attemptsMade + 1;
  const ended = { job, task, outcome: task.verdict };
  return {
    channel: replyChannel(prefix, address),
    message: encodeReply({ ...toRecord(ended), attempts, finishedAt }, resultJsonOf(ended.outcome)),
    told: () => told.add(job),
  };
}

/** A message for a client that waits. */
export interface Reply {
  readonly channel: string;
  readonly message: string;
  /** To be called when it was sent. */
  readonly told: () => void;
}

/** What is sent of a task: its record, and its result as JSON where the record does not hold it. */
export interface EndedRecord {
  readonly record: TaskRecord;
  readonly resultJson?: string | undefined;
}

/** Sends what became of a task to a client's letter box. */
export function sendReply(connection: ReplyConnection, address: string, ended: EndedRecord): void {
  const { redis, prefix } = connection;
  postReply(redis, replyChannel(prefix, address), encodeReply(ended.record, ended.resultJson));
}

interface ReplyConnection {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
}

function toRecord({ job, task, outcome }: EndedTask): TaskRecord {
  return {
    id: task.id,
    type: task.type,
    state: outcome.kind,
    attempts: job.attemptsMade,
    pushedAt: task.pushedAt,
    startedAt: job.processedOn,
    finishedAt: job.finishedOn,
    retention: task.retention,
    ...(outcome.kind === 'completed' ? storedMark(outcome) : { failure: outcome.failure }),
  };
}

const storedMark = ({ isStored }: Completed): Partial<TaskRecord> => (isStored ? { isStored } : {});

/** `undefined` also for a result of `undefined`, and for one that lies in a result store. */
export const resultJsonOf = (outcome: Verdict): string | undefined =>
  outcome.kind === 'completed' && !outcome.isStored ? outcome.resultJson : undefined;

type Completed = Extract<TaskOutcome, { readonly kind: 'completed' }>;
