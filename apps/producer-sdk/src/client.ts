import {
  type Broker,
  type Cancelled,
  type Cipher,
  type ClientEvents,
  checkKey,
  checkKnown,
  checkQueueName,
  contractOf,
  DEFAULT_QUEUE,
  type Emitter,
  invalidOption,
  isFinal,
  type Logger,
  type Pushed,
  type PushOptions,
  parseTaskId,
  type QueueCounts,
  type ResultStore,
  type TaskId,
  type TaskRecord,
  type TaskResult,
  type TaskStatus,
  type Tasks,
  type Tracing,
} from '@goflow/shared';
import type { ResolvedBounds } from './bounds/bound-options.js';
import { ClientLoad } from './bounds/client-load.js';
import { QueueRooms } from './bounds/queue-rooms.js';
import { checkId } from './check-id.js';
import { ChunkSender } from './chunk-sender.js';
import { FleetControl } from './fleet/fleet-control.js';
import type { CancelOptions, WaitOptions } from './goflow.js';
import { HandlerWatch } from './handler-watch.js';
import { Inspector } from './inspector/inspector.js';
import {
  asCompleted,
  type GatherPorts,
  type WaitManyOptions,
  waitAll,
  waitAny,
} from './many/gather.js';
import { mapTasks } from './many/map.js';
import type { MapOptions } from './many/map-options.js';
import type { MapOutcome } from './many/map-run.js';
import type { ManyOptions } from './many-options.js';
import { PayloadCipher } from './payload-cipher.js';
import { Pusher } from './push.js';
import type { PushMiddleware } from './push-middleware.js';
import { PushTeller } from './push-teller.js';
import { Seals } from './seal.js';
import { Answers } from './task-answers.js';
import { ownTaskId, TaskSender } from './task-sender.js';
import { Waiting } from './waiting.js';
import { type TaskChange, type WatchOptions, watchTask } from './watching.js';

/** What a client is made of, checked. */
export interface ClientDeps {
  readonly tasks: Tasks;
  readonly broker: Broker;
  readonly payloadLimit: number;
  readonly compressAbove: number;
  readonly cipher: Cipher | undefined;
  readonly resultStore: ResultStore | undefined;
  readonly middleware: readonly PushMiddleware[];
  readonly strict: boolean;
  readonly queues: readonly string[];
  readonly tracing: Tracing | undefined;
  readonly logger: Logger;
  readonly events: Emitter<ClientEvents>;
  readonly bounds: ResolvedBounds;
  /** The longest that a push waits for room, where it does. */
  readonly timeoutMs: number;
}

const MAX_REASON_LENGTH = 500;

/** What a client can do, each in a file of its own. `Goflow` is its type, with the types of the contracts. */
export class Client {
  readonly inspector: Inspector;
  readonly fleet: FleetControl;
  readonly #tasks: Tasks;
  readonly #broker: Broker;
  readonly #events: Emitter<ClientEvents>;
  readonly #teller: PushTeller;
  readonly #pusher: Pusher;
  readonly #answers: Answers;
  readonly #waiting: Waiting;
  readonly #load: ClientLoad;
  #closing: Promise<void> | undefined;

  constructor(deps: ClientDeps) {
    const { tasks, broker, events, resultStore, cipher } = deps;
    this.#tasks = tasks;
    this.#broker = broker;
    this.#events = events;
    this.#teller = new PushTeller(events, tasks);
    this.#answers = new Answers({ tasks, resultStore, cipher, now: () => broker.clock.now() });
    this.#waiting = new Waiting(broker, this.#answers);
    this.#load = new ClientLoad(deps.bounds.maxPending);
    this.#pusher = this.#pusherOf(deps);
    this.fleet = new FleetControl(broker);
    this.inspector = new Inspector({
      ...deps,
      isOver: (record) => this.#answers.isOver(record),
      current: (detail) => this.#answers.current(detail),
    });
  }

  async push(type: string, payload: unknown, options?: PushOptions): Promise<TaskId> {
    if (this.#teller.isMeasuring) return (await this.pushOnce(type, payload, options)).id;
    this.#load.begin(1);
    try {
      const { id } = await this.#pusher.push(type, payload, options);
      return id;
    } finally {
      this.#load.end(1);
    }
  }

  pushOnce(type: string, payload: unknown, options?: PushOptions): Promise<Pushed> {
    return this.#teller.measure(type, 1, async () => {
      this.#load.begin(1);
      try {
        return await this.#pusher.push(type, payload, options);
      } finally {
        this.#load.end(1);
      }
    });
  }

  pushMany(type: string, payloads: readonly unknown[], options?: ManyOptions): Promise<TaskId[]> {
    // What is no array is refused further on.
    const tasks = Array.isArray(payloads) ? payloads.length : 0;
    return this.#teller.measure(type, tasks, async () => {
      const count = this.#load.countOfMany(tasks);
      this.#load.begin(count);
      try {
        return await this.#pusher.pushMany(type, payloads, options);
      } finally {
        this.#load.end(count);
      }
    });
  }

  idOf(type: string, id: string): TaskId {
    return ownTaskId(contractOf(this.#tasks, type), checkKey('id', id));
  }

  async getResult(id: TaskId): Promise<TaskResult> {
    const [record] = await this.#broker.read([checkId(id)]);
    return this.#answers.result(id, record);
  }

  async status(id: TaskId): Promise<TaskStatus> {
    return this.#answers.status(
      id,
      parseTaskId(checkId(id)) && (await this.#broker.detail(id, { values: false })),
    );
  }

  watch(id: TaskId, options: WatchOptions = {}): AsyncGenerator<TaskChange, void, undefined> {
    checkId(id);
    checkKnown('options', options, ['signal']);
    const status = (): Promise<TaskStatus> => this.status(id);
    const { opener } = this.#answers;
    return watchTask(id, options, { broker: this.#broker, waiting: this.#waiting, status, opener });
  }

  wait(id: TaskId, options?: WaitOptions): Promise<unknown> {
    return this.#waiting.wait(id, options);
  }

  waitAll(ids: readonly TaskId[], options: WaitManyOptions = {}): Promise<TaskResult[]> {
    return waitAll(ids, options, this.#waits);
  }

  waitAny(ids: readonly TaskId[], options: WaitManyOptions = {}): Promise<TaskResult> {
    return waitAny(ids, options, this.#waits);
  }

  asCompleted(
    ids: readonly TaskId[],
    options: WaitManyOptions = {},
  ): AsyncGenerator<TaskResult, void, undefined> {
    return asCompleted(ids, options, this.#waits);
  }

  map(
    type: string,
    source: Iterable<unknown> | AsyncIterable<unknown>,
    options: MapOptions & PushOptions = {},
  ): AsyncGenerator<MapOutcome, void, undefined> {
    const { inFlight, signal, ordered, onStop, ...pushOptions } = options;
    let isLeft = false;
    const mayWait = (): boolean => !isLeft;
    const { chunk, push } = this.#pusher.stream(type, { options: pushOptions, mayWait });
    return mapTasks(
      source,
      { inFlight, chunk, signal, ordered, onStop },
      {
        ...this.#waits,
        push: async (payload) => {
          this.#waiting.expect(type);
          const pushing = this.#teller.isMeasuring
            ? this.#teller.measure(type, 1, () => push(payload))
            : push(payload);
          const { id } = await pushing;
          return id;
        },
        cancel: (id) => this.cancel(id, { reason: 'the map it was part of was left' }),
        left: () => {
          isLeft = true;
        },
      },
    );
  }

  async cancel(id: TaskId, options: CancelOptions = {}): Promise<Cancelled> {
    checkKnown('options', options, ['reason']);
    const reason = checkReason(options.reason === undefined ? 'no reason given' : options.reason);
    if (!parseTaskId(checkId(id))) return { found: 'unknown', effect: 'none' };
    // Its time may be over without anybody there to record that: final is final.
    const [record] = await this.#broker.read([id]);
    const state = this.#answers.current(record)?.state;
    if (state !== undefined && isFinal(state)) return { found: state, effect: 'none' };
    const cancelled = await this.#broker.cancel(id, reason);
    this.#teller.cancelled({ id, type: record?.type ?? '' }, cancelled);
    return cancelled;
  }

  on<E extends keyof ClientEvents>(event: E, listener: (...args: ClientEvents[E]) => void): this {
    this.#events.on(event, listener);
    this.#teller.hears(event);
    return this;
  }

  async counts(queue = DEFAULT_QUEUE): Promise<QueueCounts> {
    return this.#broker.counts(checkQueueName('queue', queue));
  }

  ping(): Promise<void> {
    return this.#broker.ping();
  }

  close(): Promise<void> {
    this.#closing ??= this.#waiting.close().then(() => this.#broker.close());
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #pusherOf(deps: ClientDeps): Pusher {
    const { tasks, broker, events, strict, middleware, cipher, logger } = deps;
    const { bounds, timeoutMs, tracing } = deps;
    const { maxDepths } = bounds;
    const onUnhandled = (type: string): void => events.emit('type:unhandled', { type });
    const workers = () => broker.inspector.workers();
    const sending = {
      broker,
      tracing,
      waiting: this.#waiting,
      load: this.#load,
      opener: this.#answers.opener,
      payloads: cipher?.writes ? new PayloadCipher({ cipher, workers, logger }) : undefined,
      isOver: (record: TaskRecord) => this.#answers.isOver(record),
      teller: this.#teller,
    };
    return new Pusher({
      seals: new Seals(tasks, { ...deps, load: this.#load }),
      load: this.#load,
      tasks: new TaskSender(sending),
      chunks: new ChunkSender(sending),
      handlers: new HandlerWatch({ broker, strict, onUnhandled }),
      rooms: maxDepths && new QueueRooms({ ...bounds, maxDepths, broker, timeoutMs }),
      middleware,
    });
  }

  readonly #waits: GatherPorts = {
    follow: (id, ended) => this.#waiting.follow(id, ended),
  };
}

function checkReason(given: unknown): string {
  if (typeof given === 'string' && given.length > 0 && given.length <= MAX_REASON_LENGTH)
    return given;
  throw invalidOption('reason', `a string of 1 to ${MAX_REASON_LENGTH} characters`, given);
}
