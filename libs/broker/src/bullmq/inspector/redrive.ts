import {
  type Administered,
  parseTaskId,
  type TaskEnvelope,
  type TaskId,
  type TaskIdParts,
} from '@goflow/shared';
import { LUA_FORGET_CHUNK } from '../chunks/lua.js';
import { DUE_FIELD } from '../job-codec.js';
import { queueKey } from '../keys.js';
import { LUA_NOW, LUA_OPTIONS, LUA_REMOVE, LUA_STATE, LUA_WITH_VERSION } from './lua.js';
import { LUA_CHUNK_SIZE, LUA_DISCARD_IN_CHUNK, LUA_STATE_IN_CHUNK } from './lua-chunks.js';
import { defineScript, type QueueConnection } from './script.js';

type Answer = [found: Administered['found'], done: number];

/**
 * `findTask()`: the state of the task, or false when there is none, and whether it is still in its chunk. A chunk itself is no
 * task. Expects locals `id`, and `chunk` and `index`, '' for a task that was pushed alone.
 */
const LUA_FIND_TASK = `
${LUA_STATE}
${LUA_CHUNK_SIZE}
${LUA_STATE_IN_CHUNK}
local function findTask()
  local state = stateOf(id)
  if state then return not chunkSize(redis.call('HGET', base .. id, 'opts')) and state, false end
  return chunk ~= '' and stateInChunk(chunk, tonumber(index)), true
end
`;

/**
 * Puts a task that ended badly back into its queue, as if it had just been pushed: `ats` alone stays, because a fencing token
 * must rise. It goes the way of a delayed task that is due, so that BullMQ itself gives it its place by its priority, and wakes a
 * worker. KEYS: key base. ARGV: unique, chunk and index or '', '1' with another payload, the payload, its version or ''.
 */
const putBack = defineScript<Answer>(
  'goflowRedrive',
  `
local base, id, chunk, index = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
${LUA_NOW}
${LUA_FIND_TASK}
${LUA_OPTIONS}
${LUA_WITH_VERSION}
local state, isInChunk = findTask()
if not isFinal(state) or state == 'completed' or isInChunk then return {state or 'unknown', 0} end
local job = base .. id
local old = {'finishedOn', 'processedOn', 'failedReason', 'stacktrace', 'defa', 'pb', 'progress', 'tol'}
for _, text in ipairs(redis.call('HGETALL', job)) do
  -- Of the attempts before; a value that looks like such a name does no harm.
  if string.find(text, '^h%d+$') then old[#old + 1] = text end
end
redis.call('HDEL', job, unpack(old))
local due = string.format('%.0f', now())
redis.call('HSET', job, 'atm', 0, 'stc', 0, 'delay', 0, '${DUE_FIELD}', due)
local text = redis.call('HGET', job, 'opts')
if ARGV[4] == '1' then
  text = withVersion(text, ARGV[6])
  redis.call('HSET', job, 'data', ARGV[5], 'opts', text)
end
-- Encoded again only where need be: that would make an object of an empty list.
if text and (string.find(text, '"sb":', 1, true) or string.find(text, '"dl":', 1, true)) then
  local options = optionsIn(text)
  if next(options) then
    options.sb, options.dl = nil, nil
    redis.call('HSET', job, 'opts', cjson.encode(options))
  end
end
redis.call('ZREM', base .. state, id)
redis.call('ZREM', base .. 'retained', id)
redis.call('HDEL', base .. 'suspects', id)
redis.call('HDEL', base .. 'cancelling', id)
redis.call('ZADD', base .. 'delayed', tonumber(due) * 0x1000, id)
local first = redis.call('ZRANGE', base .. 'delayed', 0, 0, 'WITHSCORES')[2]
redis.call('ZADD', base .. 'marker', tonumber(first) / 0x1000, '1')
return {state, 1}`,
);

/** Removes a finished task. KEYS: key base. ARGV: unique, chunk and index or ''. */
const takeAway = defineScript<Answer>(
  'goflowDiscard',
  `
local base, id, chunk, index = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
${LUA_FIND_TASK}
${LUA_OPTIONS}
${LUA_FORGET_CHUNK}
${LUA_REMOVE}
${LUA_DISCARD_IN_CHUNK}
local state, isInChunk = findTask()
if not isFinal(state) or isInChunk and state ~= 'completed' then return {state or 'unknown', 0} end
if isInChunk then discardInChunk(chunk, tonumber(index)) else remove({id}) end
return {state, 1}`,
);

/**
 * Puts a task that failed, expired or was cancelled back into its queue: due now, with all its attempts before it, without its
 * `startBy` and `deadline`, without its history, and, where one is given, with another payload (JSON). Its deduplication key is
 * not taken again. Tried again after a cut connection, it answers as the second of two calls would. A task that ended so has left
 * its chunk: it is run again alone.
 */
export async function redriveTask(
  { redis, prefix }: QueueConnection,
  id: TaskId,
  payload?: Pick<TaskEnvelope, 'payloadJson' | 'envelopeVersion'>,
): Promise<Administered> {
  const parts = parseTaskId(id);
  if (!parts) return { found: 'unknown', done: false };
  const { payloadJson = '', envelopeVersion = '' } = payload ?? {};
  const args = [...placeOf(parts), payload ? 1 : 0, payloadJson, envelopeVersion];
  const [found, done] = await putBack(redis, [queueKey(prefix, parts.queue, '')], args);
  return { found, done: done === 1 };
}

/**
 * Removes a finished task with its log and its entries in every index; one that completed in a chunk from its chunk. A result in
 * a result store is not touched.
 */
export async function discardTask(
  { redis, prefix }: QueueConnection,
  id: TaskId,
): Promise<Administered> {
  const parts = parseTaskId(id);
  if (!parts) return { found: 'unknown', done: false };
  const key = queueKey(prefix, parts.queue, '');
  const [found, done] = await takeAway(redis, [key], placeOf(parts));
  return { found, done: done === 1 };
}

const placeOf = ({ unique, chunk }: TaskIdParts): (string | number)[] => [
  unique,
  chunk?.unique ?? '',
  chunk?.index ?? '',
];
