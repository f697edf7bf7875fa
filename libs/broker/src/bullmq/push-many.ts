import type { Pushed, TaskEnvelope } from '@goflow/shared';
import type { RedisQueueBackend } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import { indexTags } from './inspector/tag-index.js';
import { toJob } from './job-codec.js';
import { isSpecial, toPushed, uniqueOf } from './push-one.js';
import { brokerRefused, brokerUnavailable, troubleOf } from './redis-reply-error.js';
import { isMissingReplicas, notTriedAfter } from './replica-wait.js';

/** More commands in one pipeline than this only fill buffers. */
const MAX_PIPELINE = 1_000;
/** In characters of payloads: a pipeline lies in memory whole, beside what it was made of. */
const MAX_LENGTH = 8 * 1024 * 1024;

/** What pushing many needs of the broker. */
export interface PushManyPorts {
  readonly redis: Redis | Cluster;
  readonly prefix: string;
  /** @param bytes of the payloads, which `command` holds in memory */
  within<T>(command: () => Promise<T>, bytes: number): Promise<T>;
  open(queue: string): Promise<RedisQueueBackend>;
  /** Pushes one that cannot be one of many. */
  push(envelope: TaskEnvelope): Promise<Pushed>;
}

type Outcomes = (Pushed | Error | undefined)[];

/**
 * Pushes many tasks in pipelines. BullMQ's own `addBulk` throws the first error and so half tells what happened; here each
 * task has its outcome. A pipeline that was cut off is sent again whole: the ids make that harmless.
 */
export async function pushAll(
  envelopes: readonly TaskEnvelope[],
  ports: PushManyPorts,
): Promise<(Pushed | Error)[]> {
  const outcomes: Outcomes = envelopes.map(() => undefined);
  let failure: Error | undefined;
  const special = [...envelopes.keys()].filter((index) => isSpecial(at(envelopes, index)));
  const plain = [...envelopes.keys()].filter((index) => !isSpecial(at(envelopes, index)));
  const pushes = special.map(async (index) => {
    outcomes[index] = await ports.push(at(envelopes, index)).catch(toError);
  });
  for (const indexes of slicesOf(plain, envelopes)) {
    const slice = indexes.map((index) => at(envelopes, index));
    const bytes = slice.reduce((sum, { payloadJson }) => sum + payloadJson.length, 0);
    const results = await ports.within(() => pushSlice(slice, ports), bytes).catch(toError);
    indexes.forEach((index, place) => {
      outcomes[index] = results instanceof Error ? results : results[place];
    });
    // The time of the call is up, or replicas are away: what was not sent yet is not tried.
    failure = results instanceof Error ? results : results.find(isMissingReplicas);
    if (failure) break;
  }
  await Promise.all(pushes);
  const notSent = isMissingReplicas(failure)
    ? notTriedAfter(failure)
    : brokerUnavailable(0, false, failure);
  return outcomes.map((outcome) => outcome ?? notSent);
}

/** As many as go in one pipeline, in their order; always one at least. */
function* slicesOf(
  indexes: readonly number[],
  envelopes: readonly TaskEnvelope[],
): Generator<readonly number[]> {
  let slice: number[] = [];
  let length = 0;
  for (const index of indexes) {
    const { payloadJson } = at(envelopes, index);
    const isFull = slice.length === MAX_PIPELINE || length + payloadJson.length > MAX_LENGTH;
    if (slice.length > 0 && isFull) {
      yield slice;
      slice = [];
      length = 0;
    }
    slice.push(index);
    length += payloadJson.length;
  }
  if (slice.length > 0) yield slice;
}

function at(envelopes: readonly TaskEnvelope[], index: number): TaskEnvelope {
  return envelopes[index] as TaskEnvelope;
}

async function pushSlice(slice: readonly TaskEnvelope[], ports: PushManyPorts): Promise<Outcomes> {
  const outcomes: Outcomes = slice.map(() => undefined);
  for (const queue of new Set(slice.map((envelope) => envelope.queue))) {
    const indexes = [...slice.keys()].filter((index) => slice[index]?.queue === queue);
    const ofQueue = indexes.map((index) => at(slice, index));
    await indexAllTags(ofQueue, ports);
    const results = await pipeline(await ports.open(queue), ofQueue);
    indexes.forEach((index, place) => {
      outcomes[index] = results[place];
    });
  }
  return outcomes;
}

async function indexAllTags(
  envelopes: readonly TaskEnvelope[],
  { redis, prefix }: PushManyPorts,
): Promise<void> {
  const tagged = envelopes.filter(({ tags }) => tags !== undefined);
  await Promise.all(tagged.map((envelope) => indexTags(redis, prefix, envelope)));
}

async function pipeline(
  backend: RedisQueueBackend,
  envelopes: readonly TaskEnvelope[],
): Promise<Outcomes> {
  const transaction = (await backend.client).pipeline();
  for (const envelope of envelopes) {
    const unique = uniqueOf(envelope.id);
    // The promise is that of the pipeline's own builder; results come from exec.
    void backend.addJobToTransaction(transaction, toJob(envelope, unique), unique);
  }
  const replies = (await transaction.exec()) ?? [];
  return replies.map(([error, stored], index) => {
    if (!error) return toPushed(at(envelopes, index), stored);
    const trouble = troubleOf(error);
    // A lost connection or a state that passes: the whole pipeline goes again.
    if (trouble.kind === 'disconnected' || (trouble.kind === 'transient' && trouble.word !== 'OOM'))
      throw error;
    return trouble.kind === 'other' ? error : brokerRefused(trouble.word, error);
  });
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
