import {
  GoflowError,
  invalidOption,
  resolvePushOptions,
  type TaskEnvelope,
  type TaskId,
} from '@goflow/shared';
import { type ChunkKind, errorInChunk, idInChunk, type SentChunk } from './chunk-sender.js';
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
    const { seals, middleware, rooms, load } = this.#deps;
    const seal = seals.of(type);
    const ofEach = typeof given === 'function' ? given : undefined;
    const most = rooms?.of(seal.contract.queue)?.maxDepth;
    const shared =
      typeof given === 'function' ? EACH_ITS_OWN : takeChunk(given, seal.contract, most);
    const common: Common = { seal, ...shared };
    if (common.chunk > 1 && middleware.length === 0) return this.#pushChunks(payloads, common);
    const requests = payloads.map((payload: unknown, index): Placed => {
      const options = ofEach ? ofEach(payload, index) : common.options;
      return { type, payload, options, index };
    });
    if (middleware.length > 0) {
      const end = load.unsealed(requests.length);
      return pushThroughAll(requests, middleware, (passed) => {
        end();
        return this.#pushAll(passed, common);
      }).finally(end);
    }
    return PushIncompleteError.idsOf(await this.#pushAll(requests, common));
  }

  /** The short way: nothing is made for a task but its JSON and its id. */
  async #pushChunks(payloads: readonly unknown[], common: Common): Promise<TaskId[]> {
    const { seal, chunk } = common;
    const chunks = new Chunks(chunk);
    const options = resolvePushOptions(common.options);
    const { load, handlers } = this.#deps;
    let held = 0;
    try {
      for (let index = 0; index < payloads.length; index += 1) {
        const sealing = sealAt(index, seal, payloads[index]);
        const json = typeof sealing === 'string' ? sealing : await sealing;
        held = load.holdMore(held, json.length);
        chunks.add(json);
      }
      await handlers.check(seal.contract.type);
      const { contract } = seal;
      const sent = await this.#sendChunks(chunks.cut, { contract, options });
      if (sent.some(({ error }) => error)) throw new PushIncompleteError(resultsOf(sent));
      return idsOf(sent);
    } finally {
      load.release(held);
    }
  }

  /** What middleware gave another type or other options is pushed by itself; the others go in chunks, where there are to be any. */
  async #pushAll(requests: readonly Placed[], common: Common): Promise<PushResult[]> {
    const { contract } = common.seal;
    const goesInChunk = (request: PushRequest): boolean =>
      common.chunk > 1 && request.type === contract.type && request.options === common.options;
    const sealed: Sealed = { inChunks: new Chunks(common.chunk), alone: [], held: 0 };
    try {
      await this.#sealAll(requests, goesInChunk, sealed);
      const { fromChunks, fromOthers } = await this.#sendSealed(sealed, common);
      return requests.map((request) => {
        const next = (goesInChunk(request) ? fromChunks : fromOthers).next();
        return next.value as PushResult;
      });
    } finally {
      this.#deps.load.release(sealed.held);
    }
  }

  async #sendSealed({ inChunks, alone }: Sealed, { seal, options: given }: Common) {
    const { tasks, rooms } = this.#deps;
    const kind: ChunkKind = { contract: seal.contract, options: resolvePushOptions(given) };
    const [sent, results] = await Promise.all([
      this.#sendChunks(inChunks.cut, kind),
      rooms ? rooms.sendAll(alone, tasks) : tasks.sendAll(alone),
    ]);
    return { fromChunks: resultsOf(sent).values(), fromOthers: results.values() };
  }

  #sendChunks(cut: readonly (readonly string[])[], kind: ChunkKind): Promise<readonly SentChunk[]> {
    const { chunks, rooms } = this.#deps;
    if (!rooms) return chunks.send(cut, kind);
    return rooms.sendChunks(cut, kind.contract.queue, (some) => chunks.send(some, kind));
  }

  async #sealAll(
    requests: readonly Placed[],
    goesInChunk: (request: PushRequest) => boolean,
    sealed: Sealed,
  ): Promise<void> {
    const { seals, tasks, handlers, load } = this.#deps;
    const { inChunks, alone } = sealed;
    let [given, options] = [requests[0]?.options, resolvePushOptions(requests[0]?.options)];
    try {
      for (const request of requests) {
        let json: string;
        let seal: Seal;
        try {
          if (request.options !== given)
            [given, options] = [request.options, resolvePushOptions(request.options)];
          seal = seals.of(request.type);
          const sealing = seal.json(request.payload);
          json = typeof sealing === 'string' ? sealing : await sealing;
          if (goesInChunk(request)) inChunks.add(json);
          else alone.push(tasks.envelope(seal.contract, json, options));
        } catch (error) {
          throw atIndex(error, request.index);
        }
        sealed.held = load.holdMore(sealed.held, json.length);
      }
      for (const type of new Set(requests.map((request) => request.type)))
        await handlers.check(type);
    } catch (error) {
      tasks.drop(alone);
      throw error;
    }
  }
}

/** Tasks that are ready to be sent. */
interface Sealed {
  readonly inChunks: Chunks;
  readonly alone: TaskEnvelope[];
  /** What is held for them: see {@link ClientLoad.holdMore}. */
  held: number;
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
      results.push(error ? { id, error: errorInChunk(error, id) } : { id, deduplicated: false });
    }
  return results;
}

function sealAt(index: number, seal: Seal, payload: unknown): string | Promise<string> {
  const failed = (error: unknown): never => {
    throw atIndex(error, index);
  };
  try {
    const sealing = seal.json(payload);
    return typeof sealing === 'string' ? sealing : sealing.catch(failed);
  } catch (error) {
    return failed(error);
  }
}

/** Names the payload of many that an error is about. */
function atIndex(error: unknown, index: number): unknown {
  if (!(error instanceof GoflowError)) return error;
  const details = { index, ...(typeof error.details === 'object' ? error.details : {}) };
  const message = `payloads[${index}]: ${error.message}`;
  return new GoflowError(error.code, message, { cause: error, details });
}
