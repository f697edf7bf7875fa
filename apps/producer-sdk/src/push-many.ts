import {
  GoflowError,
  invalidOption,
  resolvePushOptions,
  type TaskEnvelope,
  type TaskId,
} from '@goflow/shared';
import { type ChunkKind, idInChunk, type SentChunk } from './chunk-sender.js';
import { type ManyOptions, type ResolvedManyOptions, takeChunk } from './many-options.js';
import { OpenChunk } from './open-chunk.js';
import type { PushDeps, PushRequest } from './push.js';
import { PushIncompleteError } from './push-incomplete-error.js';
import { pushThroughAll } from './push-middleware.js';
import type { Seal } from './seal.js';
import type { PushResult } from './task-sender.js';

/** One push of many, with its place among the payloads: middleware may have kept some back. */
type Placed = PushRequest & { readonly index: number };

/** What all are pushed with, as long as no middleware changes it. */
interface Common extends ResolvedManyOptions {
  readonly seal: Seal;
}

/** Pushes many tasks of one type. All are checked before the first is sent. */
export class ManyPusher {
  readonly #deps: PushDeps;

  constructor(deps: PushDeps) {
    this.#deps = deps;
  }

  /** @throws PUSH_INCOMPLETE when some are in and some are not */
  async push(type: string, payloads: readonly unknown[], given?: ManyOptions): Promise<TaskId[]> {
    if (!Array.isArray(payloads)) throw invalidOption('payloads', 'an array', payloads);
    const { seals, middleware } = this.#deps;
    const seal = seals.of(type);
    const ofEach = typeof given === 'function' ? given : undefined;
    const shared = typeof given === 'function' ? EACH_ITS_OWN : takeChunk(given, seal.contract);
    const common: Common = { seal, ...shared };
    if (common.chunk > 1 && middleware.length === 0) return this.#pushChunks(payloads, common);
    const requests = payloads.map((payload: unknown, index): Placed => {
      const options = ofEach ? ofEach(payload, index) : common.options;
      return { type, payload, options, index };
    });
    if (middleware.length > 0)
      return pushThroughAll(requests, middleware, (passed) => this.#pushAll(passed, common));
    return PushIncompleteError.idsOf(await this.#pushAll(requests, common));
  }

  /** The short way: nothing is made for a task but its JSON and its id. */
  async #pushChunks(payloads: readonly unknown[], common: Common): Promise<TaskId[]> {
    const { seal, chunk } = common;
    const chunks = new Chunks(chunk);
    const options = resolvePushOptions(common.options);
    for (let index = 0; index < payloads.length; index += 1) {
      try {
        const json = seal.json(payloads[index]);
        chunks.add(typeof json === 'string' ? json : await json);
      } catch (error) {
        throw atIndex(error, index);
      }
    }
    await this.#deps.handlers.check(seal.contract.type);
    const { contract } = seal;
    const sent = await this.#sendChunks(chunks.cut, { contract, options });
    if (sent.some(({ error }) => error)) throw new PushIncompleteError(resultsOf(sent));
    return idsOf(sent);
  }

  /** What middleware gave another type or other options is pushed by itself; the others go in chunks, where there are to be any. */
  async #pushAll(requests: readonly Placed[], common: Common): Promise<PushResult[]> {
    const { tasks, rooms } = this.#deps;
    const { contract } = common.seal;
    const options = resolvePushOptions(common.options);
    const goesInChunk = (request: PushRequest): boolean =>
      common.chunk > 1 && request.type === contract.type && request.options === common.options;
    const sealed: Sealed = { inChunks: new Chunks(common.chunk), alone: [] };
    try {
      await this.#sealAll(requests, goesInChunk, sealed);
    } catch (error) {
      tasks.drop(sealed.alone);
      throw error;
    }
    const [sent, results] = await Promise.all([
      this.#sendChunks(sealed.inChunks.cut, { contract, options }),
      rooms ? rooms.sendAll(sealed.alone, tasks) : tasks.sendAll(sealed.alone),
    ]);
    const [fromChunks, fromOthers] = [resultsOf(sent).values(), results.values()];
    return requests.map((request) => {
      const next = (goesInChunk(request) ? fromChunks : fromOthers).next();
      return next.value as PushResult;
    });
  }

  #sendChunks(cut: readonly (readonly string[])[], kind: ChunkKind): Promise<readonly SentChunk[]> {
    const { chunks, rooms } = this.#deps;
    if (!rooms) return chunks.send(cut, kind);
    return rooms.sendChunks(cut, kind.contract.queue, (some) => chunks.send(some, kind));
  }

  async #sealAll(
    requests: readonly Placed[],
    goesInChunk: (request: PushRequest) => boolean,
    { inChunks, alone }: Sealed,
  ): Promise<void> {
    const { seals, tasks, handlers } = this.#deps;
    let [given, options] = [requests[0]?.options, resolvePushOptions(requests[0]?.options)];
    for (const request of requests) {
      try {
        if (request.options !== given)
          [given, options] = [request.options, resolvePushOptions(request.options)];
        const seal = seals.of(request.type);
        const sealing = seal.json(request.payload);
        const json = typeof sealing === 'string' ? sealing : await sealing;
        if (goesInChunk(request)) inChunks.add(json);
        else alone.push(tasks.envelope(seal.contract, json, options));
      } catch (error) {
        throw atIndex(error, request.index);
      }
    }
    for (const type of new Set(requests.map((request) => request.type))) await handlers.check(type);
  }
}

/** Tasks that are ready to be sent. */
interface Sealed {
  readonly inChunks: Chunks;
  readonly alone: TaskEnvelope[];
}

const EACH_ITS_OWN: ResolvedManyOptions = { options: undefined, chunk: 1 };

/** Cuts payloads into chunks, in their order. */
class Chunks {
  /** As JSON, by chunk and index. */
  readonly cut: string[][] = [];
  readonly #size: number;
  #open: OpenChunk | undefined;

  constructor(size: number) {
    this.#size = size;
  }

  add(payloadJson: string): void {
    if (this.#open?.add(payloadJson)) return;
    this.#open = new OpenChunk(this.#size);
    this.#open.add(payloadJson);
    this.cut.push(this.#open.payloadsJson);
  }
}

function idsOf(chunks: readonly SentChunk[]): TaskId[] {
  const ids: TaskId[] = [];
  for (const { id, size } of chunks)
    for (let index = 0; index < size; index += 1) ids.push(idInChunk(id, index));
  return ids;
}

function resultsOf(chunks: readonly SentChunk[]): PushResult[] {
  const results: PushResult[] = [];
  for (const { id: chunk, size, error } of chunks)
    for (let index = 0; index < size; index += 1) {
      const id = idInChunk(chunk, index);
      results.push(error ? { id, error } : { id, deduplicated: false });
    }
  return results;
}

/** Names the payload of many that an error is about. */
function atIndex(error: unknown, index: number): unknown {
  if (!(error instanceof GoflowError)) return error;
  const details = { index, ...(typeof error.details === 'object' ? error.details : {}) };
  const message = `payloads[${index}]: ${error.message}`;
  return new GoflowError(error.code, message, { cause: error, details });
}
