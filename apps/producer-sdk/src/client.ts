import {
  type Broker,
  type Cancelled,
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
  type TaskResult,
  type TaskStatus,
  type Tasks,
} from '@goflow/shared';
import type { CancelOptions, WaitOptions } from './goflow.js';
import { HandlerWatch } from './handler-watch.js';
import { Inspector } from './inspector/inspector.js';
import { asCompleted, type WaitManyOptions, waitAll, waitAny } from './many/gather.js';
import { mapTasks } from './many/map.js';
import type { MapOptions } from './many/map-options.js';
import type { MapOutcome } from './many/map-run.js';
import { type ManyOptions, ownTaskId, Pusher } from './push.js';
import type { PushMiddleware } from './push-middleware.js';
import { Answers } from './task-answers.js';
import { Waiting } from './waiting.js';
import { type TaskChange, type WatchOptions, watchTask } from './watching.js';

/** What a client is made of, checked. */
export interface ClientDeps {
  readonly tasks: Tasks;
  readonly broker: Broker;
  readonly payloadLimit: number;
  readonly resultStore: ResultStore | undefined;
  readonly middleware: readonly PushMiddleware[];
  readonly strict: boolean;
  readonly logger: Logger;
  readonly events: Emitter<ClientEvents>;
}

const MAX_REASON_LENGTH = 500;

/** What a client can do, each in a file of its own. `Goflow` is its type, with the types of the contracts. */
export class Client {
  readonly inspector: Inspector;
  readonly #tasks: Tasks;
  readonly #broker: Broker;
  readonly #events: Emitter<ClientEvents>;
  readonly #pusher: Pusher;
  readonly #answers: Answers;
  readonly #waiting: Waiting;
  #closing: Promise<void> | undefined;

  constructor(deps: ClientDeps) {
    const { tasks, broker, events, resultStore, strict } = deps;
    this.#tasks = tasks;
    this.#broker = broker;
    this.#events = events;
    this.#answers = new Answers({ tasks, resultStore, now: () => broker.clock.now() });
    this.#waiting = new Waiting(broker, this.#answers);
    const onUnhandled = (type: string): void => events.emit('type:unhandled', { type });
    this.#pusher = new Pusher({
      ...deps,
      waiting: this.#waiting,
      handlers: new HandlerWatch({ broker, strict, onUnhandled }),
      isOver: (record) => this.#answers.isOver(record),
      onPushed: ({ id, deduplicated }, type) =>
        events.emit('task:pushed', { id, type, deduplicated }),
    });
    this.inspector = new Inspector({
      ...deps,
      isOver: (record) => this.#answers.isOver(record),
      current: (detail) => this.#answers.current(detail),
    });
  }

  async push(type: string, payload: unknown, options?: PushOptions): Promise<TaskId> {
    const { id } = await this.#pusher.push(type, payload, options);
    return id;
  }

  pushOnce(type: string, payload: unknown, options: PushOptions): Promise<Pushed> {
    return this.#pusher.push(type, payload, options);
  }

  pushMany(type: string, payloads: readonly unknown[], options?: ManyOptions): Promise<TaskId[]> {
    return this.#pusher.pushMany(type, payloads, options);
  }

  idOf(type: string, id: string): TaskId {
    return ownTaskId(contractOf(this.#tasks, type), checkKey('id', id));
  }

  async getResult(id: TaskId): Promise<TaskResult> {
    const [record] = await this.#broker.read([id]);
    return this.#answers.result(id, record);
  }

  async status(id: TaskId): Promise<TaskStatus> {
    return this.#answers.status(id, parseTaskId(id) && (await this.#broker.detail(id)));
  }

  watch(id: TaskId, options: WatchOptions = {}): AsyncGenerator<TaskChange, void, undefined> {
    checkKnown('options', options, ['signal']);
    const status = (): Promise<TaskStatus> => this.status(id);
    return watchTask(id, options, { broker: this.#broker, waiting: this.#waiting, status });
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
    contractOf(this.#tasks, type);
    const { inFlight, signal, ordered, onStop, ...pushOptions } = options;
    return mapTasks(
      source,
      { inFlight, signal, ordered, onStop },
      {
        ...this.#waits,
        push: (payload) => this.push(type, payload, pushOptions),
        cancel: (id) => this.cancel(id, { reason: 'the map it was part of was left' }),
      },
    );
  }

  async cancel(id: TaskId, options: CancelOptions = {}): Promise<Cancelled> {
    checkKnown('options', options, ['reason']);
    const reason = checkReason(options.reason === undefined ? 'no reason given' : options.reason);
    if (!parseTaskId(id)) return { found: 'unknown', effect: 'none' };
    // Its time may be over without anybody there to record that: final is final.
    const [record] = await this.#broker.read([id]);
    const state = this.#answers.current(record)?.state;
    if (state !== undefined && isFinal(state)) return { found: state, effect: 'none' };
    const cancelled = await this.#broker.cancel(id, reason);
    const { effect } = cancelled;
    if (effect !== 'none') this.#events.emit('task:cancelled', { id, effect });
    return cancelled;
  }

  on<E extends keyof ClientEvents>(event: E, listener: (...args: ClientEvents[E]) => void): this {
    this.#events.on(event, listener);
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

  readonly #waits = {
    outcome: (id: TaskId, signal: AbortSignal): Promise<TaskResult> =>
      this.#waiting.outcome(id, { signal }),
  };
}

function checkReason(given: unknown): string {
  if (typeof given === 'string' && given.length > 0 && given.length <= MAX_REASON_LENGTH)
    return given;
  throw invalidOption('reason', `a string of 1 to ${MAX_REASON_LENGTH} characters`, given);
}
