import { isDeepStrictEqual } from 'node:util';
import { GoflowError, type Pushed, type TaskEnvelope, type TaskId } from '@goflow/shared';
import type { RedisQueueBackend } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import { LUA_WITH_VERSION } from './inspector/lua.js';
import { indexTags } from './inspector/tag-index.js';
import { toJob } from './job-codec.js';
import { bullJobId, queueKey } from './keys.js';
import { deduplicationIdOf } from './stored-options.js';

/** Where a task is pushed to. */
export interface PushPorts {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  readonly backend: RedisQueueBackend;
}

/** True for a task that takes more than one command to push, and so cannot be one of many in a pipeline. */
export const isSpecial = ({ isOwnId, deduplication }: TaskEnvelope): boolean =>
  isOwnId === true || deduplication?.mode === 'debounce';

/**
 * Puts one task into its queue. Safe to run twice with the same envelope and nonce: of an id that the caller chose, what tells this push from
 * others; of a debounced push `<client>:<number>`, where the client's later pushes have higher numbers. @throws TASK_ID_TAKEN
 */
export async function pushOne(
  envelope: TaskEnvelope,
  nonce: string | undefined,
  ports: PushPorts,
): Promise<Pushed> {
  if (envelope.tags) await indexTags(ports.redis, ports.prefix, envelope);
  if (envelope.isOwnId) return pushOwnId(envelope, nonce ?? '', ports);
  if (envelope.deduplication?.mode === 'debounce')
    return pushDebounced(envelope, nonce ?? '', ports);
  const unique = uniqueOf(envelope.id);
  return toPushed(envelope, await ports.backend.addJob(toJob(envelope, unique), unique));
}

/** BullMQ answers with the id of the job that is there now. */
export function toPushed({ id, queue }: TaskEnvelope, stored: unknown): Pushed {
  const there = `${queue}:${String(stored)}`;
  return there === id ? { id, deduplicated: false } : { id: there, deduplicated: true };
}

/** BullMQ passes over a job whose id is there, and does not say so: the nonce tells whether it is this push's own. */
async function pushOwnId(
  envelope: TaskEnvelope,
  nonce: string,
  { redis, prefix, backend }: PushPorts,
): Promise<Pushed> {
  const { id, queue } = envelope;
  const unique = uniqueOf(id);
  await backend.addJob(toJob(envelope, unique, nonce), unique);
  const key = queueKey(prefix, queue, unique);
  const [type, data, options] = await redis.hmget(key, 'name', 'data', 'opts');
  // Gone already, or ours.
  if (!options || options.includes(`"n":"${nonce}"`)) return { id, deduplicated: false };
  if (type === envelope.type && isSamePayload(data, envelope.payloadJson))
    return { id, deduplicated: true };
  throw new GoflowError('TASK_ID_TAKEN', `the task ${id} is there already, with another payload`, {
    details: { id },
  });
}

function isSamePayload(stored: string | null | undefined, payloadJson: string): boolean {
  if (stored === payloadJson) return true;
  try {
    return isDeepStrictEqual(JSON.parse(stored ?? ''), JSON.parse(payloadJson));
  } catch {
    return false;
  }
}

/**
 * Gives the task that waits under a debounce key the newest payload and its full wait again. One that has begun, or is due, is left
 * alone, and its key is freed for a new one. BullMQ's own way removes the job and makes another, whose id the first caller does not
 * know. A push that was overtaken on its way, by a later one of the same client, changes nothing: the payload that is there is newer. Of
 * different clients the last to come wins: their clocks say nothing about who was first. KEYS: deduplication key, delayed. ARGV: key base,
 * payload, time, window, startBy or '', version of the envelope or '', the mark of this push. Output: the id, or false.
 */
const DEBOUNCE = `
${LUA_WITH_VERSION}
local id = redis.call('GET', KEYS[1])
if not id then return false end
local due = redis.call('ZSCORE', KEYS[2], id)
if not due then
  redis.call('DEL', KEYS[1])
  return false
end
local there = redis.call('HGET', ARGV[1] .. id, 'opts') or '{}'
-- In a text within it the quotes have backslashes.
local mark = string.match(there, '[{,]"n":"([^"]*)"')
local function clientAndNumber(of) return string.match(of or '', '^(.+):(%d+)$') end
local client, number = clientAndNumber(ARGV[7])
local lastClient, last = clientAndNumber(mark)
if client and client == lastClient and tonumber(last) > tonumber(number) then return id end
redis.call('HSET', ARGV[1] .. id, 'data', ARGV[2], 'delay', ARGV[4])
redis.call('ZADD', KEYS[2], (tonumber(ARGV[3]) + tonumber(ARGV[4])) * 0x1000, id)
redis.call('PEXPIRE', KEYS[1], ARGV[4])
local opts = withVersion(there, ARGV[6])
local own = '"n":"' .. ARGV[7] .. '"'
if mark then opts = string.gsub(opts, '([{,])"n":"[^"]*"', '%1' .. own, 1)
else opts = string.sub(opts, 1, -2) .. (opts == '{}' and '' or ',') .. own .. '}' end
if ARGV[5] ~= '' then opts = string.gsub(opts, '"sb":[%d.e+]+', '"sb":' .. ARGV[5], 1) end
if opts ~= there then redis.call('HSET', ARGV[1] .. id, 'opts', opts) end
return id`;

const COMMAND = 'goflowDebounce';
type WithCommand = {
  [COMMAND](keyCount: number, ...args: (string | number)[]): Promise<string | null>;
};

async function pushDebounced(
  envelope: TaskEnvelope,
  mark: string,
  ports: PushPorts,
): Promise<Pushed> {
  const { id, queue, type, payloadJson, pushedAt, deduplication } = envelope;
  const { redis, prefix, backend } = ports;
  if (!(COMMAND in redis)) redis.defineCommand(COMMAND, { lua: DEBOUNCE });
  const key = (part: string): string => queueKey(prefix, queue, part);
  const { key: given = '', windowMs = 0 } = deduplication ?? {};
  const unique = uniqueOf(id);
  for (;;) {
    const there = await (redis as unknown as WithCommand)[COMMAND](
      2,
      ...[key(`de:${deduplicationIdOf(type, given)}`), key('delayed')],
      ...[key(''), payloadJson, pushedAt, windowMs],
      ...[envelope.startBy ?? '', envelope.envelopeVersion ?? '', mark],
    );
    if (there !== null) return toPushed(envelope, there);
    const stored: unknown = await backend.addJob(toJob(envelope, unique, mark), unique);
    // Else another push of the key came between: it is to have this payload.
    if (stored === unique) return { id, deduplicated: false };
  }
}

export function uniqueOf(id: TaskId): string {
  const unique = bullJobId(id);
  if (unique !== undefined) return unique;
  const text = JSON.stringify(id);
  throw new GoflowError('INTERNAL', `a task was pushed with the id ${text}, which is none`);
}
