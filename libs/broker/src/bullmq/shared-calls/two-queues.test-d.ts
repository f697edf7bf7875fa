// No test: one queue with BullMQ's own calls and one with shared ones, to be compared. Named so that it is left out of what is built.
import { QueueKeys, RedisConnection, RedisQueueBackend } from 'bullmq';
import type { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { openPlace } from '../place.test-d.js';
import { ProducerQueues } from '../producer-queues.js';
import { SharedCalls } from './shared-calls.js';
import type { FinishingWorker } from './shared-finish.js';

const OPTIONS = { name: 'the worker', lockDuration: 30_000 };

/** One queue, seen through the calls that are to be compared. */
export interface TestQueue {
  readonly redis: Redis;
  readonly producer: RedisQueueBackend;
  readonly worker: RedisQueueBackend;
  readonly key: (part: string) => string;
  /** Everything that is stored for it. */
  readonly dump: () => Promise<Record<string, unknown>>;
}

/** `own`: BullMQ's calls. `shared`: shared ones; `troubles` is what was said of them. */
export async function openTwoQueues(replyOf: FinishingWorker['replyOf'] = () => undefined) {
  const troubles: unknown[] = [];
  const [own, shared] = await Promise.all(
    [false, true].map((isOn) => openQueue({ isOn, replyOf, report: (e) => troubles.push(e) })),
  );
  return { own: own as TestQueue, shared: shared as TestQueue, troubles };
}

interface Way {
  readonly isOn: boolean;
  readonly replyOf: FinishingWorker['replyOf'];
  readonly report: (error: unknown) => void;
}

async function openQueue({ isOn, replyOf, report }: Way): Promise<TestQueue> {
  const { redis, prefix, key } = openPlace();
  await redis.ping();
  const shared = new SharedCalls({ redis, isOn, report });
  const queues = new ProducerQueues({ redis, prefix, onError: () => undefined, shared });
  onTestFinished(() => queues.close());
  const producer = await queues.open('default');
  const keys = new QueueKeys(prefix);
  const worker = new RedisQueueBackend(
    new RedisConnection(redis, { shared: true, blocking: false }),
    '{default}',
    keys.getKeys('{default}'),
    (part: string) => keys.toKey('{default}', part),
    OPTIONS as never,
  );
  await worker.client;
  shared.ofWorker(worker, { options: OPTIONS as never, replyOf });
  return { redis, producer, worker, key, dump: () => dumpOf(redis, key('')) };
}

/** By the part of the key; times to live only as present or not; ids of events left out, because they hold the time. */
async function dumpOf(redis: Redis, base: string): Promise<Record<string, unknown>> {
  const [, keys] = await redis.scan('0', 'MATCH', `${base}*`, 'COUNT', 100_000);
  const entries = keys.sort().map(async (key) => {
    const value = await contentOf(redis, key);
    const expires = (await redis.pttl(key)) > 0;
    return [key.slice(base.length), { value, expires }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function contentOf(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key);
  if (type === 'hash') return redis.hgetall(key);
  if (type === 'list') return redis.lrange(key, 0, -1);
  if (type === 'set') return (await redis.smembers(key)).sort();
  if (type === 'zset') return redis.zrange(key, '0', '-1', 'WITHSCORES');
  if (type === 'stream') return (await redis.xrange(key, '-', '+')).map(([, fields]) => fields);
  return redis.get(key);
}
