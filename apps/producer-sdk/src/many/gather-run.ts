import { GoflowError, type TaskId, type TaskResult, WaitTimeoutError } from '@goflow/shared';
import type { Following, TellEnd } from '../waiting.js';
import { Arrivals } from './arrivals.js';
import { isMissingKey, withoutKey } from './missing-key.js';
import type { Run } from './run-generator.js';

/** What waiting for many tasks needs of its client. */
export interface GatherPorts {
  /**
   * Tells once, and not within this call, how a task ended; `unknown` for an id that has no task; an error when the client is closed,
   * and the like. No promise and no signal for each of very many: they cost more than all the rest.
   */
  follow(id: TaskId, ended: TellEnd): Following;
}

/** One of many tasks has ended. */
export interface Ended {
  /** The place of its id among the ids. */
  readonly index: number;
  readonly result: TaskResult;
}

/** `WaitManyOptions` checked. */
interface ResolvedGatherOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** How far it got; the `details` of the error that ended it. */
interface GatherProgress {
  readonly done: number;
  readonly total: number;
}

/** The waits for many tasks: all begin at once, one timer and one abort end them all. */
export class GatherRun implements Run<Ended> {
  readonly ids: readonly TaskId[];
  readonly #options: ResolvedGatherOptions;
  readonly #ports: GatherPorts;
  readonly #arrivals = new Arrivals<Ended>();
  /** Those that are open, by index. */
  readonly #waits = new Map<number, Following>();
  #done = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(ids: readonly TaskId[], options: ResolvedGatherOptions, ports: GatherPorts) {
    this.ids = ids;
    this.#options = options;
    this.#ports = ports;
  }

  start(): void {
    const { signal } = this.#options;
    if (signal?.aborted) this.#onAbort();
    else this.#begin();
  }

  #begin(): void {
    const { signal, timeoutMs } = this.#options;
    signal?.addEventListener('abort', this.#onAbort);
    this.#timer = setTimeout(() => this.#onTimeout(), timeoutMs);
    for (const [index, id] of this.ids.entries()) this.#wait(index, id);
    this.#endIfDone();
  }

  take(): Promise<Ended | undefined> {
    return this.#arrivals.take();
  }

  /** One that is there already: {@link take} costs a turn of the microtasks for each. */
  takeHere(): Ended | undefined {
    return this.#arrivals.takeHere();
  }

  async stop(): Promise<void> {
    this.#stop();
  }

  #wait(index: number, id: TaskId): void {
    const following = this.#ports.follow(id, (outcome, facts) => {
      this.#waits.delete(index);
      const result = facts && isMissingKey(outcome) ? withoutKey(outcome, facts) : outcome;
      if (result instanceof Error) return this.#fail(result);
      this.#done += 1;
      this.#arrivals.add({ index, result });
      return this.#endIfDone();
    });
    this.#waits.set(index, following);
  }

  /** As soon as no wait is open: a slow consumer must not run into the timeout. */
  #endIfDone(): void {
    if (this.#waits.size === 0) this.#stop();
  }

  readonly #onAbort = (): void => {
    const message = `the wait for ${this.ids.length} tasks was aborted; the tasks go on`;
    const details = this.#progress();
    const cause: unknown = this.#options.signal?.reason;
    this.#arrivals.fail(new GoflowError('WAIT_ABORTED', message, { cause, details }));
    this.#stop();
  };

  #onTimeout(): void {
    const [open = 0] = this.#waits.keys();
    const error = new WaitTimeoutError(this.ids[open] ?? '', this.#options.timeoutMs);
    // The error takes no details of its own.
    this.#fail(Object.assign(error, { details: this.#progress() }));
  }

  /** Ends the waits, after the results that are there. */
  #fail(error: unknown): void {
    if (this.#isStopped) return;
    this.#arrivals.end({ error });
    this.#stop();
  }

  #stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#arrivals.end();
    for (const following of this.#waits.values()) following.leave();
    this.#waits.clear();
  }

  #progress(): GatherProgress {
    return { done: this.#done, total: this.ids.length };
  }
}
