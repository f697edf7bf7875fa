// No test: the jobs that the tests beside plant in Redis. Named so that it is left out of what is built.
import { cleanPrefix, testPrefix } from '@goflow/testing';
import { Redis } from 'ioredis';
import { inject, onTestFinished } from 'vitest';
import { queueKey } from '../keys.js';

/** A prefix of the test's own in the Redis of the run, and a connection; both go when the test ends. */
export function openPlanted(): Planted {
  const url = inject('redisUrl');
  const prefix = testPrefix();
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  onTestFinished(async () => {
    await cleanPrefix(url, prefix);
    redis.disconnect();
  });
  return new Planted(redis, prefix);
}

/** What a planted job is, where it is not as usual. */
export interface PlantedJob {
  readonly unique?: string;
  readonly type?: string;
  readonly pushedAt?: number;
  readonly options?: object;
  /** More fields of its hash. */
  readonly fields?: Readonly<Record<string, string | number>>;
}

type FinalSet = 'completed' | 'failed' | 'cancelled' | 'expired';

/** The queue `default` of one prefix, in which jobs are put by hand. */
export class Planted {
  readonly redis: Redis;
  readonly prefix: string;
  #count = 0;

  constructor(redis: Redis, prefix: string) {
    this.redis = redis;
    this.prefix = prefix;
  }

  key(part: string): string {
    return queueKey(this.prefix, 'default', part);
  }

  /** Another unique: in the order of the bytes, too. */
  unique(): string {
    this.#count += 1;
    return `u${String(this.#count).padStart(21, '0')}`;
  }

  /** A job's hash, and nothing else. */
  async job(job: PlantedJob = {}): Promise<string> {
    const { unique = this.unique(), type = 'repeater', pushedAt = 1_000, options, fields } = job;
    await this.redis.hset(this.key(unique), {
      name: type,
      data: '"x"',
      opts: JSON.stringify(options ?? {}),
      timestamp: pushedAt,
      delay: 0,
      priority: 0,
      ...fields,
    });
    return unique;
  }

  /** A task that has finished. */
  async finished(set: FinalSet, finishedOn: number, job: PlantedJob = {}): Promise<string> {
    const end = set === 'completed' ? { returnvalue: '1' } : { failedReason: 'why' };
    const fields = { processedOn: 900, finishedOn, atm: 1, ats: 1, ...end, ...job.fields };
    const unique = await this.job({ ...job, fields });
    await this.redis.zadd(this.key(set), finishedOn, unique);
    return unique;
  }

  /** A task that waits, at the head of its list. */
  async waiting(job: PlantedJob = {}): Promise<string> {
    const unique = await this.job(job);
    await this.redis.lpush(this.key('wait'), unique);
    return unique;
  }

  /** A task that is delayed until a time. */
  async delayed(due: number, job: PlantedJob = {}): Promise<string> {
    const unique = await this.job(job);
    await this.redis.zadd(this.key('delayed'), due * 0x1000, unique);
    return unique;
  }

  /** A task that runs, with a lease. */
  async active(job: PlantedJob = {}): Promise<string> {
    const unique = await this.job({ ...job, fields: { processedOn: 900, ats: 1, ...job.fields } });
    await this.redis.lpush(this.key('active'), unique);
    await this.redis.set(this.key(`${unique}:lock`), 'token', 'PX', 60_000);
    return unique;
  }
}

/** Several of something, one after the other. */
export async function times<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (let index = 0; index < count; index += 1) made.push(await make(index));
  return made;
}
