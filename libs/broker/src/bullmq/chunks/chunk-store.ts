import type { TaskId, TaskOutcome } from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { defineScript } from '../inspector/script.js';
import { queueKey } from '../keys.js';
import { LUA_COUNTING, LUA_LEAVE, LUA_LINES, LUA_PAYLOAD } from './lua.js';

/** Where a chunk lies that a worker holds. */
export interface HeldChunk {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  readonly queue: string;
  readonly chunk: string;
  /** What proves that the lease is this worker's. */
  readonly token: string;
}

/** Results to be saved, in the order of the tasks. */
export interface ResultLines {
  /** The index of the first. */
  readonly from: number;
  readonly lines: readonly string[];
  /** How many of them completed; the others have left the chunk. */
  readonly completed: number;
  /** What the times in them count from: milliseconds since 1970. */
  readonly since: number;
}

/**
 * KEYS: key base. ARGV: chunk, token, index of the first, how many, how many completed, what the times count from, the lines. Output: 1, or
 * 0 when the lease is lost. Sent twice, it is done once.
 */
const save = defineScript<number>(
  'goflowSaveResults',
  `
local base, chunk = KEYS[1], ARGV[1]
local job = base .. chunk
${LUA_COUNTING}
if redis.call('GET', job .. ':lock') ~= ARGV[2] then return 0 end
local from, count = tonumber(ARGV[3]), tonumber(ARGV[4])
local name, saved, lines = unpack(redis.call('HMGET', job, 'name', 'k', 'r'))
saved = tonumber(saved or 0)
if saved == from + count then return 1 end
-- Without a name the chunk was removed, and must not come to life again.
if saved ~= from or not name then return 0 end
redis.call('HSETNX', job, 't0', ARGV[6])
redis.call('HSET', job, 'r', (lines or '') .. ARGV[7], 'k', from + count)
settle(chunk, tonumber(ARGV[5]), tonumber(ARGV[5]))
return 1`,
);

/** Saves results of a chunk. False when the lease is lost. */
export async function saveResults(place: HeldChunk, results: ResultLines): Promise<boolean> {
  const { redis, prefix, queue, chunk, token } = place;
  const { from, lines, completed, since } = results;
  const answer = await save(
    redis,
    [queueKey(prefix, queue, '')],
    [chunk, token, from, lines.length, completed, since, `${lines.join('\n')}\n`],
  );
  return answer === 1;
}

/** A task that leaves its chunk. */
export interface Leaving {
  readonly index: number;
  readonly state: 'delayed' | Exclude<TaskOutcome['kind'], 'retry'>;
  /** When it is due, or ended: milliseconds since 1970. */
  readonly at: number;
  /** It was begun in time, though no attempt is counted. */
  readonly isBegun: boolean;
  readonly fields: Readonly<Record<string, string | number>>;
}

/** KEYS: key base. ARGV: chunk, token, index, state, time, '1' when it was begun, then fields. Output: 1, or 0 when the lease is lost. */
const leave = defineScript<number>(
  'goflowLeaveChunk',
  `
local base, chunk = KEYS[1], ARGV[1]
${LUA_COUNTING}
${LUA_LINES}
${LUA_PAYLOAD}
${LUA_LEAVE}
if redis.call('GET', base .. chunk .. ':lock') ~= ARGV[2] then return 0 end
if redis.call('EXISTS', base .. chunk) == 0 then return 0 end
local leaving = {state = ARGV[4], score = tonumber(ARGV[5]), isBegun = ARGV[6] == '1', fields = {unpack(ARGV, 7)}}
leaveChunk(chunk, ARGV[3], leaving)
return 1`,
);

/** Makes a task of a chunk a job of its own. False when the lease is lost. Sent twice, it is done once. */
export async function leaveChunk(place: HeldChunk, leaving: Leaving): Promise<boolean> {
  const { redis, prefix, queue, chunk, token } = place;
  const { index, state, at, isBegun, fields } = leaving;
  const answer = await leave(
    redis,
    [queueKey(prefix, queue, '')],
    [chunk, token, index, state, at, isBegun ? 1 : 0, ...Object.entries(fields).flat()],
  );
  return answer === 1;
}

/** What has become of the tasks of a chunk that is taken. */
export interface ChunkState {
  /** The tasks before this one are settled, and their results saved. */
  readonly saved: number;
  /** How many bytes of results are saved. */
  readonly bytes: number;
  /** What the times of saved results count from; `undefined` before the first is saved. */
  readonly since: number | undefined;
  /** The tasks that have left the chunk. */
  readonly left: ReadonlySet<number>;
  /** Those that are to be cancelled, and why. */
  readonly wishes: ReadonlyMap<number, string>;
}

/**
 * KEYS: key base. ARGV: chunk, token, size. Output: false when the lease is lost, or k, bytes of r, t0, who left, who is to be cancelled
 * and why.
 */
const look = defineScript<Look | null>(
  'goflowLookIntoChunk',
  `
local base, chunk, size = KEYS[1], ARGV[1], tonumber(ARGV[3])
local job = base .. chunk
if redis.call('GET', job .. ':lock') ~= ARGV[2] then return false end
local saved, since, open = unpack(redis.call('HMGET', job, 'k', 't0', 'o'))
local first = tonumber(saved or 0)
local left, wishes = {}, {}
if open and tonumber(open) < size - first then
  for index = first, size - 1 do
    if redis.call('HEXISTS', job, 'x' .. index) == 1 then left[#left + 1] = index end
  end
end
if redis.call('EXISTS', base .. 'cancelling') == 1 then
  for index = first, size - 1 do
    local reason = redis.call('HGET', base .. 'cancelling', chunk .. '.' .. index)
    if reason then
      wishes[#wishes + 1] = index
      wishes[#wishes + 1] = reason
    end
  end
end
return {saved, redis.call('HSTRLEN', job, 'r'), since, left, wishes}`,
);

type Look = [
  saved: string | null,
  bytes: number,
  since: string | null,
  left: number[],
  wishes: (number | string)[],
];

/** Looks what there is to do in a chunk that was just taken. `undefined`: the lease is lost. */
export async function lookIntoChunk(
  { redis, prefix, queue, chunk, token }: HeldChunk,
  size: number,
): Promise<ChunkState | undefined> {
  const found = await look(redis, [queueKey(prefix, queue, '')], [chunk, token, size]);
  if (!found) return undefined;
  const [saved, bytes, since, left, wishes] = found;
  const reasons = new Map<number, string>();
  for (let at = 0; at + 1 < wishes.length; at += 2)
    reasons.set(Number(wishes[at]), String(wishes[at + 1]));
  return {
    saved: Number(saved ?? 0),
    bytes,
    since: since === null ? undefined : Number(since),
    left: new Set(left),
    wishes: reasons,
  };
}

/** A chunk is handed back for later: whoever counts tasks must know, as BullMQ counts jobs. */
export async function noteDelayed({
  redis,
  prefix,
  queue,
  chunk,
}: Omit<HeldChunk, 'token'>): Promise<void> {
  await redis.sadd(queueKey(prefix, queue, 'chunks-delayed'), chunk);
}

/** The id of a chunk as the id of a task, which it is not: to say where it lies. */
export const chunkId = ({ queue, chunk }: Pick<HeldChunk, 'queue' | 'chunk'>): TaskId =>
  `${queue}:${chunk}`;
