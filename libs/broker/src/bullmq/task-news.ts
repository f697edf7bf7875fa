import {
  type ChunkPlace,
  decodeLogLine,
  encodeLogLine,
  parseTaskId,
  type TaskNews,
} from '@goflow/shared';
import type { Cluster, Redis } from 'ioredis';
import { queueKey, watchChannel } from './keys.js';
import type { TakenJob } from './taken-job.js';

/** How many log lines are kept with a task. */
export const MAX_LOG_LINES = 100;

/**
 * Keeps news of a running task with its job and tells those who watch, as long as the lease is held.
 * KEYS: the job, its lock, its log. ARGV: token, progress as JSON or '', how many lines to keep, channel, message, the field that the
 * progress goes to, then lines.
 */
const SCRIPT = `
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
local index = string.match(ARGV[6], '^g(%d+)$')
-- It was cancelled and has left its chunk, whose lease still holds.
if index and redis.call('HEXISTS', KEYS[1], 'x' .. index) == 1 then return 0 end
if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], ARGV[6], ARGV[2]) end
if #ARGV > 6 then
  if index then redis.call('HSET', KEYS[1], 'lg', 1) end
  for i = 7, #ARGV do redis.call('RPUSH', KEYS[3], ARGV[i]) end
  redis.call('LTRIM', KEYS[3], -tonumber(ARGV[3]), -1)
end
redis.call('PUBLISH', ARGV[4], ARGV[5])
return 1`;

const COMMAND = 'goflowTaskNews';
type WithCommand = { [COMMAND](keyCount: number, ...args: (string | number)[]): Promise<number> };

/** Where the news is from. */
export interface NewsSource {
  readonly prefix: string;
  readonly queue: string;
  readonly unique: string;
  /** Where it runs in a chunk, in which then its progress is kept. */
  readonly chunk?: ChunkPlace | undefined;
  readonly token: string;
}

/** Writes news down and sends it. Rejects when Redis refuses; an attempt goes on without it. */
export async function tellNews(
  redis: Redis | Cluster,
  source: NewsSource,
  news: TaskNews,
): Promise<void> {
  if (!(COMMAND in redis)) redis.defineCommand(COMMAND, { lua: SCRIPT });
  const { prefix, queue, unique, chunk, token } = source;
  const key = queueKey(prefix, queue, chunk?.unique ?? unique);
  const lines = (news.log ?? []).slice(-MAX_LOG_LINES).map(encodeLogLine);
  await (redis as unknown as WithCommand)[COMMAND](
    3,
    ...[key, `${key}:lock`, `${queueKey(prefix, queue, unique)}:logs`],
    ...[token, news.progressJson ?? '', MAX_LOG_LINES, watchChannel(prefix, queue, unique)],
    JSON.stringify([news.progressJson ?? null, lines]),
    chunk ? `g${chunk.index}` : 'progress',
    ...lines,
  );
}

/** Tells news of the tasks of one queue. */
export function newsTeller(
  { redis, prefix }: { readonly redis: Redis | Cluster; readonly prefix: string },
  queue: string,
): (task: TakenJob, news: TaskNews) => Promise<void> {
  return ({ id, token, isOfChunk }, news) => {
    const { unique = '', chunk } = parseTaskId(id) ?? {};
    const place = isOfChunk ? { chunk } : {};
    return tellNews(redis, { prefix, queue, unique, token, ...place }, news);
  };
}

/** The news in a message; `undefined` for somebody else's. */
export function decodeNews(message: string): TaskNews | undefined {
  try {
    const [progressJson, lines] = JSON.parse(message) as [string | null, string[]];
    const log = lines.map(decodeLogLine).filter((line) => line !== undefined);
    return progressJson === null ? { log } : { progressJson, log };
  } catch {
    return undefined;
  }
}
