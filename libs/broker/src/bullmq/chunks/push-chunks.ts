import type { ChunkEnvelope } from '@goflow/shared';
import type { RedisQueueBackend } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import { defineScript } from '../inspector/script.js';
import { indexTags } from '../inspector/tag-index.js';
import { toJob } from '../job-codec.js';
import { queueKey } from '../keys.js';
import { uniqueOf } from '../push-one.js';
import { brokerRefused, troubleOf } from '../redis-reply-error.js';
import { isMissingReplicas, notTriedAfter } from '../replica-wait.js';
import type { StoredOptions } from '../stored-options.js';
import { toChunkData } from './chunk-job.js';
import { LUA_COUNTING } from './lua.js';

/** What pushing chunks needs of the broker. */
export interface PushChunksPorts {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  /** @param bytes of the payloads, which `command` holds in memory */
  within<T>(command: () => Promise<T>, bytes: number): Promise<T>;
  open(queue: string): Promise<RedisQueueBackend>;
}

/** So many chunks, or so many characters of payloads, go in one pipeline: more only fill buffers. */
const MAX_CHUNKS = 50;
const MAX_LENGTH = 2 * 1024 * 1024;

/**
 * Takes chunks into the count, which BullMQ knows nothing of. A chunk whose count is lost is counted with its first result. KEYS: key base.
 * ARGV: the ids of the chunks.
 */
const countIn = defineScript<null>(
  'goflowCountChunks',
  `
local base = KEYS[1]
${LUA_COUNTING}
for _, chunk in ipairs(ARGV) do
  countIn(chunk)
  if redis.call('ZSCORE', base .. 'delayed', chunk) then redis.call('SADD', base .. 'chunks-delayed', chunk) end
end
return false`,
);

/** Pushes chunks; each is in, or has an error. Pipelines that were cut off are sent again whole: the ids make that harmless. */
export async function pushChunks(
  chunks: readonly ChunkEnvelope[],
  ports: PushChunksPorts,
): Promise<(Error | undefined)[]> {
  const outcomes: (Error | undefined)[] = [];
  let timeUp: Error | undefined;
  for (const slice of slicesOf(chunks)) {
    const bytes = slice.reduce((sum, chunk) => sum + lengthOf(chunk), 0);
    const results =
      timeUp ?? (await ports.within(() => sendSlice(slice, ports), bytes).catch(toError));
    outcomes.push(...(results instanceof Error ? slice.map(() => results) : results));
    // The time of the call is up, or replicas are away: what was not sent yet is not tried.
    if (results instanceof Error) timeUp = results;
    else timeUp = notTriedAfterAny(results);
  }
  return outcomes;
}

const lengthOf = ({ payloadsJson }: ChunkEnvelope): number =>
  payloadsJson.reduce((sum, json) => sum + json.length, 0);

/** All of one queue, and not too large together. */
function* slicesOf(chunks: readonly ChunkEnvelope[]): Generator<readonly ChunkEnvelope[]> {
  let slice: ChunkEnvelope[] = [];
  let length = 0;
  for (const chunk of chunks) {
    const itsLength = lengthOf(chunk);
    const isFull = slice.length === MAX_CHUNKS || length + itsLength > MAX_LENGTH;
    if (slice.length > 0 && (isFull || slice[0]?.queue !== chunk.queue)) {
      yield slice;
      slice = [];
      length = 0;
    }
    slice.push(chunk);
    length += itsLength;
  }
  if (slice.length > 0) yield slice;
}

async function sendSlice(
  slice: readonly ChunkEnvelope[],
  { redis, prefix, open }: PushChunksPorts,
): Promise<(Error | undefined)[]> {
  const queue = slice[0]?.queue ?? '';
  const backend = await open(queue);
  const tagged = slice.filter(({ tags }) => tags !== undefined);
  await Promise.all(tagged.map((chunk) => indexTags(redis, prefix, chunk)));
  const pipeline = (await backend.client).pipeline();
  const uniques = slice.map(({ id }) => uniqueOf(id));
  slice.forEach((chunk, place) => {
    const { payloadsJson, ...envelope } = chunk;
    const payloadJson = toChunkData(payloadsJson);
    const unique = uniques[place] as string;
    const job = toJob({ ...envelope, payloadJson }, unique);
    const opts: StoredOptions = { ...job.opts, c: payloadsJson.length };
    // The promise is that of the pipeline's own builder; results come from exec.
    void backend.addJobToTransaction(pipeline, { ...job, opts }, unique);
  });
  const sent = pipeline.exec();
  // Sent after the chunks, over the same connection.
  const counted = countIn(redis, [queueKey(prefix, queue, '')], uniques).catch(() => null);
  const [replies] = await Promise.all([sent, counted]);
  return slice.map((_, place) => {
    const error = replies?.[place]?.[0];
    if (!error) return undefined;
    const trouble = troubleOf(error);
    // A lost connection, or a state that passes: the whole slice goes again.
    if (trouble.kind === 'disconnected' || (trouble.kind === 'transient' && trouble.word !== 'OOM'))
      throw error;
    return trouble.kind === 'other' ? error : brokerRefused(trouble.word, error);
  });
}

function notTriedAfterAny(results: readonly (Error | undefined)[]): Error | undefined {
  const missing = results.find(isMissingReplicas);
  return missing && notTriedAfter(missing);
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
