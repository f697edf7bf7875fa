import { setImmediate } from 'node:timers/promises';
import {
  type ChunkEnvelope,
  ENCRYPTED_VERSION,
  GoflowError,
  isGoflowError,
  newTaskId,
  type ResolvedPushOptions,
  type TaskContract,
  type TaskId,
} from '@goflow/shared';
import type { PayloadCipher } from './payload-cipher.js';
import { sendChunksTraced } from './push-traces.js';
import { storedOptions } from './stored-options.js';
import type { SendDeps } from './task-sender.js';

/** A chunk, and what became of it. */
export interface SentChunk {
  readonly id: TaskId;
  /** How many tasks it carries. */
  readonly size: number;
  /** Why none of its tasks is in. */
  readonly error: Error | undefined;
}

/** What the tasks of chunks have in common. */
export interface ChunkKind {
  readonly contract: TaskContract;
  readonly options: ResolvedPushOptions;
}

/** The task of a chunk with this index. */
export const idInChunk = (chunk: TaskId, index: number): TaskId => `${chunk}:${index}`;

/** After encrypting so many tasks others have their turn: they take some milliseconds. */
const MAX_ENCRYPTED_AT_ONCE = 1_000;

/** Takes chunks to the broker. What is done here for each task, and not for each chunk, decides how fast that is. */
export class ChunkSender {
  readonly #deps: SendDeps;

  constructor(deps: SendDeps) {
    this.#deps = deps;
  }

  /** @param chunks payloads as JSON, those of one chunk together; held by who calls. @throws OPTION_INVALID; what the broker throws for all of them */
  async send(
    chunks: readonly (readonly string[])[],
    { contract, options }: ChunkKind,
  ): Promise<readonly SentChunk[]> {
    if (chunks.length === 0) return [];
    const { broker, waiting } = this.#deps;
    const { queue, type, priority } = contract;
    const pushedAt = broker.clock.now();
    const stored = storedOptions(contract, options, pushedAt);
    const envelopes = chunks.map((payloadsJson): ChunkEnvelope => {
      const id = newTaskId(queue);
      const replyTo = waiting.addressForChunk(id, type, payloadsJson.length);
      return { id, queue, type, payloadsJson, priority, pushedAt, replyTo, ...stored };
    });
    const { tracing } = this.#deps;
    const errors = await (tracing
      ? sendChunksTraced(tracing, envelopes, (traced) => this.#push(traced))
      : this.#push(envelopes));
    const sent = envelopes.map(
      ({ id, payloadsJson }, place): SentChunk => ({
        id,
        size: payloadsJson.length,
        error: errors[place],
      }),
    );
    for (const chunk of sent) this.#tell(chunk, contract);
    return sent;
  }

  async #push(envelopes: readonly ChunkEnvelope[]): Promise<readonly (Error | undefined)[]> {
    const { broker, waiting, payloads } = this.#deps;
    try {
      return await broker.pushChunks(
        payloads ? await encryptChunks(envelopes, payloads) : envelopes,
      );
    } catch (error) {
      for (const { id } of envelopes) waiting.forgetAddress(id);
      throw error;
    }
  }

  #tell(chunk: SentChunk, contract: TaskContract): void {
    const { waiting, teller } = this.#deps;
    if (chunk.error) waiting.forgetAddress(chunk.id);
    else teller.chunkArrived(contract, chunk);
  }
}

/** What befell a chunk, for one of its tasks: where they arrived, each is told by its own id. */
export function errorInChunk(error: Error, id: TaskId): Error {
  if (!isGoflowError(error, 'REPLICAS_MISSING')) return error;
  const details = { ...(error.details as object), id };
  return new GoflowError('REPLICAS_MISSING', error.message, { details });
}

async function encryptChunks(
  chunks: readonly ChunkEnvelope[],
  payloads: PayloadCipher,
): Promise<readonly ChunkEnvelope[]> {
  const encrypted: ChunkEnvelope[] = [];
  let atOnce = 0;
  for (const chunk of chunks) {
    if (atOnce >= MAX_ENCRYPTED_AT_ONCE) {
      await setImmediate();
      atOnce = 0;
    }
    encrypted.push(encryptChunk(chunk, payloads));
    atOnce += chunk.payloadsJson.length;
  }
  return encrypted;
}

function encryptChunk(chunk: ChunkEnvelope, payloads: PayloadCipher): ChunkEnvelope {
  const { id, type } = chunk;
  const payloadsJson = chunk.payloadsJson.map((json, index) =>
    payloads.payload(json, { type, id: idInChunk(id, index) }),
  );
  return { ...chunk, payloadsJson, envelopeVersion: ENCRYPTED_VERSION };
}
