import {
  type Pushed,
  type PushOptions,
  type ResolvedPushOptions,
  resolvePushOptions,
  type TaskContract,
  type TaskId,
} from '@goflow/shared';
import type { MayWait } from './bounds/queue-room.js';
import type { QueueRooms } from './bounds/queue-rooms.js';
import type { ChunkSender, SentChunk } from './chunk-sender.js';
import type { HandlerWatch } from './handler-watch.js';
import { Collector } from './many/collector.js';
import { type ManyOptions, type PushManyOptions, takeChunk } from './many-options.js';
import { ManyPusher } from './push-many.js';
import { type PushMiddleware, pushThrough } from './push-middleware.js';
import type { Seal, Seals } from './seal.js';
import type { TaskSender } from './task-sender.js';

/** One push, as middleware sees it. */
export interface PushRequest {
  readonly type: string;
  readonly payload: unknown;
  readonly options: PushOptions | undefined;
}

/** What pushing needs. */
export interface PushDeps {
  readonly seals: Seals;
  readonly tasks: TaskSender;
  readonly chunks: ChunkSender;
  readonly handlers: HandlerWatch;
  /** Undefined where no queue has a limit. */
  readonly rooms: QueueRooms | undefined;
  readonly middleware: readonly PushMiddleware[];
}

/** How a map pushes. */
export interface StreamPush {
  /** How many items may go together. */
  readonly chunk: number;
  readonly push: (payload: unknown) => Promise<Pushed>;
}

/** What a {@link StreamPush} is made for. */
export interface StreamOptions {
  readonly options: PushManyOptions;
  /** Whether an item that finds its queue full may go on waiting. */
  readonly mayWait: MayWait;
}

/** What all items of a stream have in common. */
interface Item {
  readonly seal: Seal;
  readonly options: ResolvedPushOptions;
  readonly mayWait: MayWait;
}

/** Takes payloads to the broker: 1. contract, 2. options, 3. schema, 4. JSON, 5. envelope with an id of its own. */
export class Pusher {
  readonly #deps: PushDeps;
  readonly #many: ManyPusher;

  constructor(deps: PushDeps) {
    this.#deps = deps;
    this.#many = new ManyPusher(deps);
  }

  /** @throws also at once: a promise less for each push */
  push(type: string, payload: unknown, options?: PushOptions): Promise<Pushed> {
    const { middleware, seals } = this.#deps;
    if (middleware.length > 0)
      return pushThrough({ type, payload, options }, middleware, (request) =>
        this.#pushRequest(request),
      );
    return this.#pushOne(seals.of(type), payload, resolvePushOptions(options));
  }

  pushMany(type: string, payloads: readonly unknown[], options?: ManyOptions): Promise<TaskId[]> {
    return this.#many.push(type, payloads, options);
  }

  /**
   * For items that come one by one, all with the same options, which are checked once.
   *
   * @throws TASK_TYPE_UNKNOWN, OPTION_INVALID
   */
  stream(type: string, { options: given, mayWait }: StreamOptions): StreamPush {
    const { seals, middleware } = this.#deps;
    const seal = seals.of(type);
    const { options, chunk } = takeChunk(given, seal.contract);
    const item: Item = { seal, options: resolvePushOptions(options), mayWait };
    const push = chunk > 1 ? this.#inChunks(chunk, item) : this.#patiently(item);
    if (middleware.length === 0) return { chunk, push };
    const pushPassed = (request: PushRequest): Promise<Pushed> =>
      request.type === type && request.options === options
        ? push(request.payload)
        : this.#pushRequest(request);
    return {
      chunk,
      push: (payload) => pushThrough({ type, payload, options }, middleware, pushPassed),
    };
  }

  /** As {@link Pusher.push} does, but an item waits for room. */
  #patiently({ seal, options, mayWait }: Item): StreamPush['push'] {
    const room = this.#deps.rooms?.of(seal.contract.queue);
    if (!room) return (payload) => this.#pushOne(seal, payload, options);
    return async (payload) => {
      const json = await seal.json(payload);
      return room.within(1, mayWait, () => this.#sendNow(seal.contract, json, options));
    };
  }

  #inChunks(size: number, { seal, options, mayWait }: Item): StreamPush['push'] {
    const { chunks, handlers, rooms } = this.#deps;
    const { contract } = seal;
    const room = rooms?.of(contract.queue);
    const collector = new Collector(size, async (payloadsJson) => {
      await handlers.check(contract.type);
      const send = (): Promise<readonly SentChunk[]> =>
        chunks.send([payloadsJson], { contract, options });
      const [sent] = await (room ? room.within(payloadsJson.length, mayWait, send) : send());
      return sent as SentChunk;
    });
    return async (payload) => {
      const sealing = seal.json(payload);
      return collector.push(typeof sealing === 'string' ? sealing : await sealing);
    };
  }

  #pushRequest({ type, payload, options }: PushRequest): Promise<Pushed> {
    return this.#pushOne(this.#deps.seals.of(type), payload, resolvePushOptions(options));
  }

  #pushOne(seal: Seal, payload: unknown, options: ResolvedPushOptions): Promise<Pushed> {
    const sealing = seal.json(payload);
    if (typeof sealing === 'string') return this.#send(seal.contract, sealing, options);
    return sealing.then((json) => this.#send(seal.contract, json, options));
  }

  #send(contract: TaskContract, json: string, options: ResolvedPushOptions): Promise<Pushed> {
    const { rooms } = this.#deps;
    const room = rooms?.of(contract.queue);
    if (!rooms || !room) return this.#sendNow(contract, json, options);
    return room.within(1, rooms.patience(), () => this.#sendNow(contract, json, options));
  }

  #sendNow(contract: TaskContract, json: string, options: ResolvedPushOptions): Promise<Pushed> {
    const { tasks, handlers } = this.#deps;
    const checking = handlers.check(contract.type);
    if (!checking) return tasks.send(tasks.envelope(contract, json, options));
    return checking.then(() => tasks.send(tasks.envelope(contract, json, options)));
  }
}
