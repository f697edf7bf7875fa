import { setTimeout as sleep } from 'node:timers/promises';
import type { QueueCounts } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { nextWaiting } from '../next-waiting.js';
import { readCounts } from '../queue-counts.js';
import type { QueueFacts } from './facts.js';
import { lookAtQueue, type QueueLook } from './queue-look.js';

/** What is watched, and for how long. */
export interface WatchOptions {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  readonly queues: readonly string[];
  readonly watchMs: number;
  readonly signal: AbortSignal | undefined;
}

/** How often counts are taken during the watch, after the first time. */
const STEPS = 4;

interface Moment {
  readonly look: QueueLook;
  readonly next: string | undefined;
  readonly counts: QueueCounts;
}

/** Looks at queues at the beginning and at the end, and counts in between. Rejects with the error of the Redis client. */
export async function watchQueues(options: WatchOptions): Promise<readonly QueueFacts[]> {
  const { redis, prefix, queues, watchMs, signal } = options;
  const before = await Promise.all(queues.map((queue) => momentOf(options, queue)));
  const waiting = before.map(({ counts }) => [counts.waiting]);
  for (let step = 1; step <= STEPS; step += 1) {
    await sleep(watchMs / STEPS, undefined, { signal });
    if (step === STEPS) break;
    const counts = await Promise.all(queues.map((queue) => readCounts(redis, prefix, queue)));
    for (const [at, count] of counts.entries()) waiting[at]?.push(count.waiting);
  }
  const after = await Promise.all(queues.map((queue) => momentOf(options, queue)));
  return queues.map((queue, at) =>
    toFacts(queue, waiting[at] ?? [], [before[at] as Moment, after[at] as Moment]),
  );
}

async function momentOf({ redis, prefix }: WatchOptions, queue: string): Promise<Moment> {
  const [look, next, counts] = await Promise.all([
    lookAtQueue(redis, prefix, queue),
    nextWaiting(redis, prefix, queue),
    readCounts(redis, prefix, queue),
  ]);
  return { look, next, counts };
}

function toFacts(
  queue: string,
  waiting: readonly number[],
  [before, after]: readonly [Moment, Moment],
): QueueFacts {
  const { look, counts } = after;
  const still = new Set(before.look.ownerless);
  return {
    queue,
    isPaused: look.isPaused,
    counts,
    waiting: [...waiting, counts.waiting],
    slotsTaken: look.slotsTaken,
    isNextSame: after.next !== undefined && after.next === before.next,
    oldestDueAt: look.oldestDueAt,
    overdue: look.overdue,
    openTypes: look.openTypes,
    // One look may fall between the end of a lease and what mends it.
    ownerless: look.ownerless.filter((id) => still.has(id)).length,
    dead: {
      during: Math.max(look.dead - before.look.dead, 0),
      recent: look.recentlyDead,
    },
  };
}
