import type { TaskId } from '@goflow/sdk';
import type { Cluster, Redis } from 'ioredis';
import { QUEUES } from '../load/tasks.js';

/** One entry of a queue, as it lies in Redis. */
export interface StoredJob {
  readonly queue: string;
  /** What BullMQ calls it. */
  readonly unique: string;
  /** The tasks that it carries, by the names that the harness gave them: one, or those of a chunk. */
  readonly names: readonly string[];
  readonly isChunk: boolean;
  /** Every list and set of the queue that holds it. There must be one. */
  readonly places: readonly string[];
}

/** All that lies in Redis, seen from outside of goflow. */
export interface Snapshot {
  readonly jobs: readonly StoredJob[];
  /** Leases that somebody holds. */
  readonly locks: readonly string[];
  /** Jobs that are in a place, and nowhere else: no hash. */
  readonly ghosts: readonly string[];
}

const LISTS = ['wait', 'active', 'paused'];
const SETS = ['prioritized', 'delayed', 'completed', 'failed', 'cancelled', 'expired'];

/** Looks at all queues. At rest, or what it sees may have moved meanwhile. */
export async function takeSnapshot(redis: Redis | Cluster, prefix: string): Promise<Snapshot> {
  const jobs: StoredJob[] = [];
  const locks: string[] = [];
  const ghosts: string[] = [];
  for (const queue of QUEUES) {
    const base = `${prefix}:{${queue}}:`;
    const places = await readPlaces(redis, base);
    const parts = (await scan(redis, `${base}*`)).map((key) => key.slice(base.length));
    locks.push(...parts.filter((part) => part.endsWith(':lock')));
    const uniques = parts.filter((part) => /^[\w-]{22}(?:\.\d+)?$/.test(part));
    const hashes = await readHashes(redis, base, uniques);
    for (const [unique, hash] of hashes)
      jobs.push({ queue, unique, ...hash, places: places.get(unique) ?? [] });
    ghosts.push(...[...places.keys()].filter((unique) => !hashes.has(unique)));
  }
  return { jobs, locks, ghosts };
}

/** The ids that clients know the tasks of a job by, with their names. */
export function tasksOf({
  queue,
  unique,
  names,
  isChunk,
}: StoredJob): (readonly [string, TaskId])[] {
  const id = `${queue}:${unique.replace('.', ':')}` as TaskId;
  return names.map((n, index) => [n, isChunk ? (`${id}:${index}` as TaskId) : id] as const);
}

/** True for a task that has left its chunk: the chunk names it, too. */
export const hasLeftChunk = ({ unique }: StoredJob): boolean => unique.includes('.');

async function readPlaces(redis: Redis | Cluster, base: string): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  const note = (place: string, uniques: readonly string[]): void => {
    // BullMQ's old marker in the list of waiting jobs is none.
    for (const unique of uniques.filter((one) => !one.startsWith('0:')))
      found.set(unique, [...(found.get(unique) ?? []), place]);
  };
  for (const list of LISTS) note(list, await redis.lrange(base + list, 0, -1));
  for (const set of SETS) note(set, await redis.zrange(base + set, '0', '-1'));
  return found;
}

async function scan(redis: Redis | Cluster, pattern: string): Promise<string[]> {
  const nodes = redis.isCluster ? (redis as Cluster).nodes('master') : [redis as Redis];
  const keys = new Set<string>();
  for (const node of nodes) {
    let cursor = '0';
    do {
      const [next, found] = await node.scan(cursor, 'MATCH', pattern, 'COUNT', 1_000);
      for (const key of found) keys.add(key);
      cursor = next;
    } while (cursor !== '0');
  }
  return [...keys];
}

type Hash = Pick<StoredJob, 'names' | 'isChunk'>;

async function readHashes(
  redis: Redis | Cluster,
  base: string,
  uniques: readonly string[],
): Promise<Map<string, Hash>> {
  const hashes = new Map<string, Hash>();
  for (let at = 0; at < uniques.length; at += 500) {
    const some = uniques.slice(at, at + 500);
    const pipeline = redis.pipeline();
    for (const unique of some) pipeline.hmget(base + unique, 'data', 'opts');
    const replies = (await pipeline.exec()) ?? [];
    for (const [index, [error, fields]] of replies.entries()) {
      const [data, opts] = (fields ?? []) as (string | null)[];
      if (error || typeof data !== 'string') continue;
      const names = [...data.matchAll(/"n":"([^"]+)"/g)].map(([, n = '']) => n);
      hashes.set(some[index] ?? '', { names, isChunk: /"c":\d/.test(opts ?? '') });
    }
  }
  return hashes;
}
