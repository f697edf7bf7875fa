import type { HandBack, HandBackReason } from '@goflow/shared';
import type { Job, RedisQueueBackend } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import { DUE_FIELD } from './job-codec.js';
import { takenTaskOf } from './taken-job.js';

/** Reasons to hand a task back whose handler had begun. */
const BEGUN = new Set<HandBackReason>(['stopping', 'snoozed', 'store-away']);

/** Where a job is put back. */
export interface PutBackPlace {
  readonly redis: Redis | Cluster;
  /** Of the job. */
  readonly key: string;
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Puts a running job back into its queue, no attempt spent: as the next one, or for later. */
export async function putBack(job: Job, verdict: HandBack, place: PutBackPlace): Promise<void> {
  const { redis, key, token, now } = place;
  // It was begun in time, and must not be taken for one that nobody began.
  if (takenTaskOf(job)?.startBy && BEGUN.has(verdict.reason)) await forgetStartBy(redis, key);
  if (verdict.delayMs === 0) {
    await job.moveToWait(token);
    return;
  }
  // Not by the job itself: that would reckon with this machine's clock.
  const { backend } = job as unknown as { readonly backend: RedisQueueBackend };
  const options = { skipAttempt: true, fieldsToUpdate: { [DUE_FIELD]: now + verdict.delayMs } };
  await backend.moveToDelayed(job.id ?? '', now, verdict.delayMs, token, options);
}

/** In JavaScript, because Lua would make an object of an empty list. */
async function forgetStartBy(redis: Redis | Cluster, key: string): Promise<void> {
  const stored = await redis.hget(key, 'opts');
  if (!stored?.includes('"sb":')) return;
  const { sb: _, ...options } = JSON.parse(stored) as Record<string, unknown>;
  await redis.hset(key, 'opts', JSON.stringify(options));
}
