// No test: the chunks that the tests beside work with. Named so that it is left out of what is built.
import { type ChunkEnvelope, newTaskId, type TaskId } from '@goflow/shared';
import type { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { openPlace } from '../place.test-d.js';
import { ProducerQueues } from '../producer-queues.js';
import { type HeldChunk, type Leaving, leaveChunk } from './chunk-store.js';
import { type PushChunksPorts, pushChunks } from './push-chunks.js';

/** When the chunks are pushed, unless said otherwise. */
export const PUSHED_AT = 1_800_000_000_000;

/** `"0"`, `"1"` … as payloads. */
export const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `"${index}"`);

export type ChunkOptions = Omit<Partial<ChunkEnvelope>, 'payloadsJson'>;

/** Of type `repeater` in the queue `default`, unless said otherwise. */
export const chunkOf = (payloadsJson: readonly string[], given: ChunkOptions = {}) => ({
  id: newTaskId(given.queue ?? 'default'),
  queue: 'default',
  type: 'repeater',
  pushedAt: PUSHED_AT,
  payloadsJson,
  ...given,
});

/** What BullMQ knows a chunk by. */
export const uniqueIn = (id: string): string => id.slice(id.indexOf(':') + 1);

/** The queue `default` of one prefix, into which chunks are pushed as a client does, and from which they are taken by hand. */
export class ChunkRig {
  readonly redis: Redis;
  readonly prefix: string;
  readonly key: (part: string) => string;
  readonly ports: PushChunksPorts;

  constructor({ redis, prefix, key } = openPlace()) {
    this.redis = redis;
    this.prefix = prefix;
    this.key = key;
    const queues = new ProducerQueues({ redis, prefix, onError: () => undefined });
    onTestFinished(() => queues.close());
    const within: PushChunksPorts['within'] = (command) => command();
    this.ports = { redis, prefix, within, open: (queue) => queues.open(queue) };
  }

  /** Pushes one; gives what BullMQ knows it by. */
  async push(payloadsJson: readonly string[], given: ChunkOptions = {}): Promise<string> {
    const chunk = chunkOf(payloadsJson, given);
    const [error] = await pushChunks([chunk], this.ports);
    if (error) throw error;
    return uniqueIn(chunk.id);
  }

  /** Takes one as a worker does. */
  async take(chunk: string, token = 'token'): Promise<HeldChunk> {
    const { redis, prefix, key } = this;
    await redis.lrem(key('wait'), 1, chunk);
    await redis.zrem(key('delayed'), chunk);
    await redis.lpush(key('active'), chunk);
    await redis.set(key(`${chunk}:lock`), token);
    await redis.hset(key(chunk), { processedOn: PUSHED_AT + 5, pb: 'the worker' });
    await redis.hincrby(key(chunk), 'ats', 1);
    return { redis, prefix, queue: 'default', chunk, token };
  }

  /** Pushes one and takes it. */
  async taken(payloadsJson: readonly string[], given: ChunkOptions = {}): Promise<HeldChunk> {
    return this.take(await this.push(payloadsJson, given));
  }

  /** The fields of a job. */
  job(unique: string): Promise<Record<string, string>> {
    return this.redis.hgetall(this.key(unique));
  }

  /** The counts of all chunks of the queue. */
  async counts(): Promise<Record<string, number>> {
    const counts = await this.redis.hgetall(this.key('chunks'));
    return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, Number(count)]));
  }

  /** The tasks of a chunk with these indexes. */
  ids(chunk: string, indexes: readonly number[]): TaskId[] {
    return indexes.map((index) => `default:${chunk}:${index}`);
  }
}

/** A task leaves its chunk because it failed, unless said otherwise. */
export const leave = (held: HeldChunk, index: number, given: Partial<Leaving> = {}) =>
  leaveChunk(held, {
    index,
    state: 'failed',
    at: PUSHED_AT + 100,
    isBegun: false,
    fields: { failedReason: 'why', atm: 1 },
    ...given,
  });
