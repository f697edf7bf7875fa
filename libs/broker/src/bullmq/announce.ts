import type { TakenTask, TaskOutcome, TaskRecord } from '@goflow/shared';
import type { Job } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import { fromReturnValue } from './job-codec.js';
import { replyChannel } from './keys.js';
import { encodeReply } from './reply-inbox.js';

/** What is announced. */
export interface Finished {
  readonly job: Job;
  readonly task: TakenTask;
  readonly outcome: TaskOutcome;
}

/**
 * Tells the client that waits for a task how it ended. Sent after the outcome is recorded, and not awaited: a lost
 * announcement costs the client one poll.
 */
export function announce(
  connection: { readonly redis: Redis | Cluster; readonly prefix: string },
  address: string,
  finished: Finished,
): void {
  const message = encodeReply(toRecord(finished));
  connection.redis
    .publish(replyChannel(connection.prefix, address), message)
    .catch(() => undefined);
}

function toRecord({ job, task, outcome }: Finished): TaskRecord {
  return {
    id: task.id,
    type: task.type,
    state: outcome.kind === 'completed' ? 'completed' : 'failed',
    attempts: task.attempt,
    pushedAt: task.pushedAt,
    startedAt: job.processedOn,
    finishedAt: job.finishedOn,
    result: outcome.kind === 'completed' ? fromReturnValue(outcome.resultJson) : undefined,
    failure: outcome.kind === 'completed' ? undefined : outcome.failure,
  };
}
