import type { Redis } from 'ioredis';
import { hasSnapshots, parseInfo } from '../redis-audit.js';
import { answerOf } from './answers.js';
import type { DiskFacts, NodeFacts } from './facts.js';

type Info = ReadonlyMap<string, string>;

/** A median of so many is not moved by one pause of this process. */
const PINGS = 11;
const CLOCK_LOOKS = 5;

/** How one server is set up, how fast it answers, and what time it has. */
export async function readNode(redis: Redis): Promise<NodeFacts> {
  const info = parseInfo((await answerOf(redis.info())) ?? '');
  const { host = '127.0.0.1', port = 6379 } = redis.options;
  const number = (name: string): number | undefined => numberOf(info.get(name));
  return {
    name: `${host}:${port}`,
    version: info.get('redis_version'),
    role: info.get('role'),
    masterName: info.has('master_host')
      ? `${info.get('master_host')}:${info.get('master_port')}`
      : undefined,
    replicas: number('connected_slaves'),
    evictionPolicy: info.get('maxmemory_policy'),
    evictedKeys: number('evicted_keys') ?? 0,
    memory: {
      used: number('used_memory'),
      max: number('maxmemory'),
      ofSystem: number('total_system_memory'),
    },
    disk: await readDisk(redis, info),
    clients: {
      connected: number('connected_clients'),
      // Redis 6.2 tells it in its configuration only.
      max: number('maxclients') ?? numberOf(await setting(redis, 'maxclients')),
    },
    roundTripsMs: await pings(redis),
    skew: await readSkew(redis),
  };
}

async function readDisk(redis: Redis, info: Info): Promise<DiskFacts> {
  const statuses = ['rdb_last_bgsave_status', 'aof_last_write_status', 'aof_last_bgrewrite_status'];
  const appendOnly = info.get('aof_enabled');
  return {
    isAppendOnly: appendOnly === undefined ? undefined : appendOnly === '1',
    hasSnapshots: await hasSnapshots(redis),
    appendFsync: await setting(redis, 'appendfsync'),
    isFailing: statuses.some((name) => info.get(name) === 'err'),
  };
}

async function setting(redis: Redis, name: string): Promise<string | undefined> {
  const reply = (await answerOf(redis.config('GET', name))) as readonly string[] | undefined;
  return reply?.[1];
}

async function pings(redis: Redis): Promise<readonly number[]> {
  const took: number[] = [];
  for (let count = 0; count < PINGS; count += 1) {
    const sentAt = performance.now();
    if ((await answerOf(redis.ping())) === undefined) return [];
    took.push(performance.now() - sentAt);
  }
  return took.sort((a, b) => a - b);
}

/** The quickest of some answers says most. */
async function readSkew(redis: Redis): Promise<NodeFacts['skew']> {
  let best: NodeFacts['skew'];
  for (let count = 0; count < CLOCK_LOOKS; count += 1) {
    const sentAt = performance.now();
    const time = await answerOf(redis.time());
    const tookMs = performance.now() - sentAt;
    if (!time) return undefined;
    const there = Number(time[0]) * 1_000 + Number(time[1]) / 1_000;
    const doubtMs = tookMs / 2;
    if (!best || doubtMs < best.doubtMs) best = { ms: Date.now() - doubtMs - there, doubtMs };
  }
  return best;
}

function numberOf(text: string | undefined): number | undefined {
  const number = Number(text);
  return text === undefined || text === '' || !Number.isFinite(number) ? undefined : number;
}
