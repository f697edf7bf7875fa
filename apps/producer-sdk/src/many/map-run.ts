import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  GoflowError,
  isGoflowError,
  type TaskId,
  type TaskResult,
  toFailure,
} from '@goflow/shared';
import type { Following, TellEnd } from '../waiting.js';
import { Arrivals, type Thrown } from './arrivals.js';
import type { ResolvedMapOptions } from './map-options.js';
import { isMissingKey } from './missing-key.js';
import type { Run } from './run-generator.js';
import { Source } from './source.js';
import { WakeUp } from './wake-up.js';

/**
 * What became of one item: the result of its task, however that ended; or the error with which it could not be pushed, or its result not
 * be read.
 */
export type MapOutcome<Value = unknown, Payload = unknown, Type extends string = string> =
  | {
      /** The item's place in the source, from 0. */
      readonly index: number;
      readonly payload: Payload;
      readonly id: TaskId<Type>;
      /** Completed, failed, cancelled, expired; `unknown` when its retention was over before it could be asked for. */
      readonly result: TaskResult<Value, Type>;
      readonly error?: undefined;
    }
  | {
      readonly index: number;
      readonly payload: Payload;
      /** There only with KEY_MISSING: that of the task. */
      readonly id?: TaskId<Type> | undefined;
      readonly result?: undefined;
      /**
       * What the push threw; its `details.sent` tells whether the task may be in its queue all the same. Or KEY_MISSING: the task
       * completed, and its result is encrypted with a key that is not here.
       */
      readonly error: Error;
    };

/** What a map needs of its client. */
export interface MapPorts {
  /** Pushes one item. Called up to `inFlight` times at once. */
  push(payload: unknown, index: number): Promise<TaskId>;
  /** Tells once, and not within this call, how a task ended; an error when the client is closed. */
  follow(id: TaskId, ended: TellEnd): Following;
  /** Asks for a task to be cancelled. Its errors are ignored. */
  cancel(id: TaskId): Promise<unknown>;
  /** The map is over: a push that waits for room waits no more. @default nobody is told */
  left?(): void;
}

/** One item of the source. */
interface Item {
  readonly index: number;
  readonly payload: unknown;
}

/**
 * The life of one map. 1. One reader takes items from the source, while there is room, 2. each item is pushed and awaited on its
 * own, 3. its outcome arrives, 4. the consumer takes it, which makes room.
 */
export class MapRun implements Run<MapOutcome> {
  readonly #source: Source;
  readonly #options: ResolvedMapOptions;
  readonly #ports: MapPorts;
  readonly #arrivals = new Arrivals<MapOutcome>();
  /** With `ordered`: outcomes that are there before one that belongs before them. */
  readonly #early = new Map<number, MapOutcome>();
  #nextIndex = 0;
  /** Items taken from the source and not yet taken by the consumer. */
  #taken = 0;
  readonly #room = new WakeUp();
  /** Of these, items that are being pushed or awaited. */
  #running = 0;
  readonly #idle = new WakeUp();
  /** By the index of the item. */
  readonly #waits = new Map<number, Following>();
  #sourceEnd: Partial<Thrown> | undefined;
  #hadPushError = false;
  #stopping: Promise<void> | undefined;

  constructor(
    source: Iterable<unknown> | AsyncIterable<unknown>,
    options: ResolvedMapOptions,
    ports: MapPorts,
  ) {
    this.#source = new Source(source);
    this.#options = options;
    this.#ports = ports;
  }

  start(): void {
    const { signal } = this.#options;
    signal?.addEventListener('abort', this.#onAbort);
    if (signal?.aborted) this.#onAbort();
    else void this.#read();
  }

  async take(): Promise<MapOutcome | undefined> {
    const outcome = await this.#arrivals.take();
    if (!outcome) return undefined;
    this.#taken -= 1;
    this.#room.wake();
    return outcome;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#ports.left?.();
    this.#arrivals.end();
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#room.wake();
    for (const following of this.#waits.values()) {
      following.leave();
      void this.#endByLettingGo(following.id);
    }
    this.#waits.clear();
    const [closed] = await Promise.allSettled([this.#source.close(), this.#allLetGo()]);
    if (closed.status === 'rejected') throw closed.reason;
  }

  /** With `cancel`, each item ends by cancelling its task. */
  async #allLetGo(): Promise<void> {
    if (this.#options.onStop === 'leave') return;
    while (this.#running > 0) await this.#idle.sleep();
  }

  readonly #onAbort = (): void => {
    this.#arrivals.fail(abortedError(this.#options));
    this.stop().catch(() => undefined);
  };

  /** Ends the map early, after the outcomes that are there. */
  #fail(error: unknown): void {
    if (this.#stopping) return;
    this.#arrivals.end({ error });
    this.stop().catch(() => undefined);
  }

  /** Never rejects: an error of the source comes after the outcomes of what was read before it. */
  async #read(): Promise<void> {
    try {
      for (let index = 0; await this.#mayRead(); index += 1) {
        const step = await this.#source.next();
        if (!step || this.#stopping) break;
        this.#taken += 1;
        void this.#run({ index, payload: step.item });
      }
      this.#sourceEnd = {};
    } catch (error) {
      this.#sourceEnd = { error };
    }
    this.#endIfDone();
  }

  /** Waits until there is room for an item; false when no more is to be read. */
  async #mayRead(): Promise<boolean> {
    // Errors that come at once, item after item, would keep timers and sockets from the turn through which things get better.
    if (this.#hadPushError) await nextTurn();
    this.#hadPushError = false;
    while (this.#taken >= this.#options.inFlight && !this.#stopping) await this.#room.sleep();
    return !this.#stopping;
  }

  /** Pushes one item. Never rejects. */
  async #run(item: Item): Promise<void> {
    this.#running += 1;
    try {
      const id = await this.#ports.push(item.payload, item.index);
      if (this.#stopping) void this.#endByLettingGo(id);
      else this.#await(item, id);
    } catch (error) {
      this.#refused(item, error);
      this.#end();
    }
  }

  #await(item: Item, id: TaskId): void {
    const following = this.#ports.follow(id, (outcome) => {
      this.#waits.delete(item.index);
      if (isMissingKey(outcome)) {
        this.#arrive({ ...item, id, error: outcome });
        this.#end();
      } else if (outcome instanceof Error) {
        this.#fail(outcome);
        void this.#endByLettingGo(id);
      } else {
        this.#arrive({ ...item, id, result: outcome });
        this.#end();
      }
    });
    this.#waits.set(item.index, following);
  }

  /** Never rejects. */
  async #endByLettingGo(id: TaskId): Promise<void> {
    await this.#letGoOf(id);
    this.#end();
  }

  /** An item has gone all the way. */
  #end(): void {
    this.#running -= 1;
    this.#idle.wake();
    this.#endIfDone();
  }

  /** What `onStop` says becomes of a task in flight. Never rejects. */
  async #letGoOf(id: TaskId): Promise<void> {
    if (this.#options.onStop === 'leave') return;
    try {
      await this.#ports.cancel(id);
    } catch {
      // The loop was left: nobody is there to be told, and the task has its own limits.
    }
  }

  /** The item was not pushed. A closed client is no matter of the item: it would refuse all that are left. */
  #refused(item: Item, error: unknown): void {
    if (isGoflowError(error, 'CLIENT_CLOSED')) this.#fail(error);
    else this.#arrive({ ...item, error: asError(error) });
    this.#hadPushError = true;
  }

  #arrive(outcome: MapOutcome): void {
    if (this.#options.isOrdered) this.#arriveInOrder(outcome);
    else this.#arrivals.add(outcome);
  }

  #arriveInOrder(outcome: MapOutcome): void {
    this.#early.set(outcome.index, outcome);
    for (;;) {
      const next = this.#early.get(this.#nextIndex);
      if (!next) return;
      this.#early.delete(this.#nextIndex);
      this.#nextIndex += 1;
      this.#arrivals.add(next);
    }
  }

  #endIfDone(): void {
    if (this.#sourceEnd && this.#running === 0) this.#arrivals.end(this.#sourceEnd);
  }
}

/** A middleware around push may throw anything. */
const asError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(toFailure(thrown).message, { cause: thrown });

const abortedError = ({ signal, onStop }: ResolvedMapOptions): GoflowError =>
  new GoflowError(
    'WAIT_ABORTED',
    `the map was aborted; tasks in flight ${onStop === 'leave' ? 'go on' : 'are cancelled'}`,
    { cause: signal?.reason },
  );
