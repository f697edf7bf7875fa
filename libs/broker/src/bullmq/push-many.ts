import type { TaskEnvelope } from '@goflow/shared';
import type { RedisQueueBackend } from 'bullmq';
import { toJob } from './job-codec.js';
import { bullJobId } from './keys.js';
import { brokerRefused, brokerUnavailable, troubleOf } from './redis-reply-error.js';

/** More commands in one pipeline than this only fill buffers. */
const MAX_PIPELINE = 1_000;

/** What pushing many needs of the broker. */
export interface PushManyPorts {
  within<T>(command: () => Promise<T>): Promise<T>;
  open(queue: string): Promise<RedisQueueBackend>;
}

type Outcomes = (Error | undefined)[];

/**
 * Pushes many tasks in pipelines. BullMQ's own `addBulk` throws the first error and so half tells what happened; here each
 * task has its outcome. A pipeline that was cut off is sent again whole: the ids make that harmless.
 */
export async function pushAll(
  envelopes: readonly TaskEnvelope[],
  ports: PushManyPorts,
): Promise<Outcomes> {
  const outcomes: Outcomes = envelopes.map(() => undefined);
  for (let at = 0; at < envelopes.length; at += MAX_PIPELINE) {
    const slice = envelopes.slice(at, at + MAX_PIPELINE);
    try {
      const results = await ports.within(() => pushSlice(slice, ports));
      outcomes.splice(at, slice.length, ...results);
    } catch (error) {
      // The time of the call is up: what was not sent yet is not tried.
      outcomes.fill(toError(error), at, at + slice.length);
      outcomes.fill(brokerUnavailable(0, false, error), at + slice.length);
      break;
    }
  }
  return outcomes;
}

async function pushSlice(slice: readonly TaskEnvelope[], ports: PushManyPorts): Promise<Outcomes> {
  const outcomes: Outcomes = slice.map(() => undefined);
  for (const queue of new Set(slice.map((envelope) => envelope.queue))) {
    const indexes = [...slice.keys()].filter((index) => slice[index]?.queue === queue);
    const results = await pipeline(
      await ports.open(queue),
      indexes.map((index) => slice[index]),
    );
    indexes.forEach((index, at) => {
      outcomes[index] = results[at];
    });
  }
  return outcomes;
}

async function pipeline(
  backend: RedisQueueBackend,
  envelopes: readonly (TaskEnvelope | undefined)[],
): Promise<Outcomes> {
  const transaction = (await backend.client).pipeline();
  for (const envelope of envelopes) {
    const unique = envelope && bullJobId(envelope.id);
    // The promise is that of the pipeline's own builder; results come from exec.
    if (envelope && unique)
      void backend.addJobToTransaction(transaction, toJob(envelope, unique), unique);
  }
  const replies = (await transaction.exec()) ?? [];
  return replies.map(([error]) => {
    if (!error) return undefined;
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
