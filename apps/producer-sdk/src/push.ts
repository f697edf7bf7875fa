import {
  type Pushed,
  type PushOptions,
  type ResolvedPushOptions,
  resolvePushOptions,
  type TaskContract,
  type TaskId,
} from '@goflow/shared';
import type { ClientLoad } from './bounds/client-load.js';
import type { MayWait, QueueRoom } from './bounds/queue-room.js';
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
  /** Told of what is in memory until it is sent. */
  readonly load: ClientLoad;
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

/** A push that has to wait before it is sent. */
interface LatePush {
  readonly contract: TaskContract;
  readonly json: string;
  readonly options: ResolvedPushOptions;
  /** Whether anybody can run it. */
  readonly checking: Promise<void> | undefined;
  readonly room: QueueRoom | undefined;
  readonly mayWait: MayWait;
}

const never: MayWait = () => false;

/** Takes payloads to the broker: 1. contract, 2. options, 3. schema, 4. JSON, 5. envelope with an id of its own. */
export class Pusher {
  readonly #deps: PushDeps;
  readonly #many: ManyPusher;
  readonly #admit = (): void => this.#deps.load.checkBytes();

  constructor(deps: PushDeps) {
    this.#deps = deps;
    this.#many = new ManyPusher(deps);
  }

  /** @throws also at once: a promise less for each push */
  push(type: string, payload: unknown, options?: PushOptions): Promise<Pushed> {
    const { middleware, seals } = this.#deps;
    if (middleware.length > 0) return this.#pushThrough({ type, payload, options });
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
    const { seals, middleware, rooms } = this.#deps;
    const seal = seals.of(type);
    const most = rooms?.of(seal.contract.queue)?.maxDepth;
    const { options, chunk } = takeChunk(given, seal.contract, most);
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

  /** As {@link Pusher.push} does, but an item waits for room, and is never refused: how many there are is bounded by who gives them. */
  #patiently({ seal, options, mayWait }: Item): StreamPush['push'] {
    const { contract } = seal;
    const { handlers, rooms } = this.#deps;
    const room = rooms?.of(contract.queue);
    const send = (json: string): Promise<Pushed> => {
      if (!room) return this.#send(contract, json, options);
      const checking = handlers.check(contract.type);
      return this.#sendLate({ contract, json, options, checking, room, mayWait });
    };
    return (payload) => {
      const sealing = seal.json(payload);
      return typeof sealing === 'string' ? send(sealing) : sealing.then(send);
    };
  }

  #inChunks(size: number, { seal, options, mayWait }: Item): StreamPush['push'] {
    const { chunks, handlers, rooms, load } = this.#deps;
    const { contract } = seal;
    const room = rooms?.of(contract.queue);
    const collector = new Collector(size, async (payloadsJson) => {
      const held = load.hold(payloadsJson.reduce((sum, json) => sum + json.length, 0));
      try {
        await handlers.check(contract.type);
        const send = (): Promise<readonly SentChunk[]> =>
          chunks.send([payloadsJson], { contract, options });
        const [sent] = await (room ? room.within(payloadsJson.length, mayWait, send) : send());
        return sent as SentChunk;
      } finally {
        load.release(held);
      }
    });
    return async (payload) => {
      const sealing = seal.json(payload);
      return collector.push(typeof sealing === 'string' ? sealing : await sealing);
    };
  }

  #pushThrough(request: PushRequest): Promise<Pushed> {
    const { middleware, load } = this.#deps;
    const end = load.unsealed(1);
    return pushThrough(request, middleware, (passed) => {
      end();
      load.checkBytes();
      return this.#pushRequest(passed);
    }).finally(end);
  }

  #pushRequest({ type, payload, options }: PushRequest): Promise<Pushed> {
    return this.#pushOne(this.#deps.seals.of(type), payload, resolvePushOptions(options));
  }

  #pushOne(seal: Seal, payload: unknown, options: ResolvedPushOptions): Promise<Pushed> {
    const sealing = seal.json(payload, this.#admit);
    if (typeof sealing === 'string') return this.#send(seal.contract, sealing, options);
    return this.#deps.load
      .untilSealed(sealing)
      .then((json) => this.#send(seal.contract, json, options));
  }

  #send(contract: TaskContract, json: string, options: ResolvedPushOptions): Promise<Pushed> {
    const { tasks, handlers, rooms } = this.#deps;
    const checking = handlers.check(contract.type);
    const room = rooms?.of(contract.queue);
    if (!checking && !room) return tasks.send(tasks.envelope(contract, json, options));
    const mayWait = rooms?.patience() ?? never;
    return this.#sendLate({ contract, json, options, checking, room, mayWait });
  }

  /** What waits here is held: it may be long, and many do. */
  async #sendLate(late: LatePush): Promise<Pushed> {
    const { contract, json, options, checking, room, mayWait } = late;
    const { tasks, load } = this.#deps;
    const held = load.hold(json.length);
    try {
      if (checking) await checking;
      if (room) await room.enter({ least: 1, most: 1 }, mayWait);
    } finally {
      load.release(held);
    }
    // Held again by who sends it, in this very step.
    try {
      return await tasks.send(tasks.envelope(contract, json, options));
    } finally {
      room?.leave(1);
    }
  }
}
