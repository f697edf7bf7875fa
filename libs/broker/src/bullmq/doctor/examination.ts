import type { WorkerRecord } from '@goflow/shared';
import { DEFAULT_QUEUE, isQueueName } from '@goflow/shared';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { parseInfo } from '../redis-audit.js';
import { answerOf } from './answers.js';
import type { ClusterFacts, KeyFacts, QueueFacts, RedisFacts } from './facts.js';
import { findPrefixes } from './key-names.js';
import { liveWorkers } from './live-workers.js';
import { readNode } from './node-facts.js';
import { type Reached, reachRedis, toTold } from './reach-redis.js';
import { findMissingRights } from './rights.js';
import { watchQueues } from './watch-queues.js';

/** Checked. */
export interface ExamineSettings {
  readonly redis: string | RedisOptions;
  readonly prefix: string;
  readonly timeoutMs: number;
  readonly watchMs: number;
  readonly queues: readonly string[];
  readonly signal: AbortSignal | undefined;
}

const MAX_QUEUES = 100;

/** Does what `examineRedis` promises. */
export async function examine(settings: ExamineSettings): Promise<RedisFacts> {
  const reached = await reachRedis(settings);
  try {
    return await ask(reached, settings);
  } catch (error) {
    settings.signal?.throwIfAborted();
    throw toTold(error);
  } finally {
    reached.close();
  }
}

async function ask(reached: Reached, settings: ExamineSettings): Promise<RedisFacts> {
  const { redis, first } = reached;
  const { prefix, watchMs } = settings;
  const servers = serversOf(redis);
  // One after the other: what is measured is Redis, and not this process.
  const nodes = [];
  for (const server of servers) nodes.push(await readNode(server));
  const cluster = redis instanceof Cluster ? await readCluster(first) : null;
  const keys = await answerOf(findPrefixes(servers, prefix));
  const early = await answerOf(workersNow(reached, prefix));
  const all = queuesOf(settings, keys, early);
  const watched = { redis, prefix, queues: all.slice(0, MAX_QUEUES), watchMs };
  const [queues, missingRights] = await Promise.all([
    answerOf(watchQueues({ ...watched, signal: settings.signal })),
    findMissingRights(reached, prefix, cluster !== null),
  ]);
  return {
    prefix,
    at: (await answerOf(timeAt(first))) ?? Date.now(),
    watchMs,
    nodes,
    cluster,
    missingRights,
    keys,
    workers: await answerOf(workersNow(reached, prefix)),
    queues: queues as readonly QueueFacts[] | undefined,
    queuesLeftOut: Math.max(all.length - MAX_QUEUES, 0),
  };
}

function serversOf(redis: Redis | Cluster): readonly Redis[] {
  return redis instanceof Redis ? [redis] : redis.nodes('master');
}

/** Those that were named, those that workers take from, and those that are found by their keys. */
function queuesOf(
  { prefix, queues }: ExamineSettings,
  keys: KeyFacts | undefined,
  workers: readonly WorkerRecord[] | undefined,
): readonly string[] {
  const found = keys?.prefixes.find((one) => one.prefix === prefix)?.tagged ?? [];
  const taken = workers?.flatMap((worker) => Object.keys(worker.queues)) ?? [];
  // The one that most have, where others may have been overlooked.
  const usual = keys?.isComplete ? [] : [DEFAULT_QUEUE];
  return [...new Set([...queues, ...taken, ...found, ...usual])].filter(isQueueName).sort();
}

async function workersNow(
  { redis, first }: Reached,
  prefix: string,
): Promise<readonly WorkerRecord[]> {
  return liveWorkers(redis, prefix, await timeAt(first));
}

async function timeAt(redis: Redis): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
}

async function readCluster(first: Redis): Promise<ClusterFacts> {
  const told = (await answerOf(first.cluster('INFO'))) as string | undefined;
  const info = parseInfo(told ?? '');
  const slotsOk = info.get('cluster_slots_ok');
  return {
    state: info.get('cluster_state'),
    slotsOk: slotsOk === undefined ? undefined : Number(slotsOk),
  };
}
