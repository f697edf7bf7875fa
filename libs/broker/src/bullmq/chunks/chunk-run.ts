import { setImmediate } from 'node:timers/promises';
import {
  cancelledFailure,
  type HandBack,
  type TaskFailure,
  type TaskOutcome,
  uniqueInChunk,
  type Verdict,
} from '@goflow/shared';
import { isLeaseLost } from '../bull-worker.js';
import { toReturnValue } from '../job-codec.js';
import type { Lease } from '../lease.js';
import type { TakenJob } from '../taken-job.js';
import { type Patience, tryAgain } from '../try-again.js';
import { type ChunkState, type HeldChunk, leaveChunk, saveResults } from './chunk-store.js';
import { leavingOf } from './leave-chunk.js';
import { bytesOf, hasRoom, toResultLine } from './result-line.js';

/** Of a chunk, a worker that dies leaves to be run again what it did within this time, and no more. */
const SAVE_MS = 200;
/** No task is begun while the last save is older than this: Redis does not take results. */
const MAX_UNSAVED_MS = 2 * SAVE_MS;
/** Tasks that wait for nothing keep everything else in this process waiting for no longer than this. */
const REST_MS = 20;

/** What the run of a chunk needs of the consumer. */
export interface ChunkPorts extends Patience {
  /** Makes one of its tasks. */
  task(index: number, payload: unknown): TakenJob;
  /** Runs one attempt. */
  run(task: TakenJob, unique: string): Promise<Verdict>;
  /** True when no task is to be begun any more. */
  takesNothing(): boolean;
  /** Milliseconds since 1970. */
  now(): number;
  /** What became of a task is in Redis. */
  settled(task: TakenJob, verdict: Verdict, times: TaskTimes): void;
  /** The lease was lost before that: what became of it is dropped. */
  lost(task: TakenJob): void;
}

/** When a task of a chunk ran, in milliseconds since 1970. */
export interface TaskTimes {
  /** `undefined`: it was not begun. */
  readonly startedAt: number | undefined;
  readonly finishedAt: number;
}

/** What the run of a chunk begins with. */
export interface ChunkRunOptions {
  readonly held: HeldChunk;
  readonly payloads: readonly unknown[];
  readonly state: ChunkState;
  readonly lease: Lease;
  /** The name of the worker. */
  readonly worker: string;
  readonly ports: ChunkPorts;
  /** Why none of its tasks is to be run any more. */
  readonly failure?: TaskFailure | undefined;
}

type Completed = Extract<TaskOutcome, { readonly kind: 'completed' }>;

const LEAVING: HandBack = { kind: 'handed-back', reason: 'stopping', delayMs: 0 };

/**
 * Runs the tasks of a chunk one after another, in one slot. Results are saved in Redis every 200 ms and at the end; a task that does not
 * complete, or whose result finds no room, leaves the chunk at once, and its neighbours go on.
 */
export class ChunkRun {
  readonly #options: ChunkRunOptions;
  readonly #wishes: Map<number, string>;
  /** What the times of results count from, on Redis' clock, and on the monotonic one. */
  readonly #since: number;
  readonly #origin: number;
  /** The task that runs, or runs next. */
  #next: number;
  #running: TakenJob | undefined;
  /** The tasks before this one are saved. */
  #saved: number;
  #lines: string[] = [];
  /** What all lines take, saved or not. */
  #bytes: number;
  #completed: TakenJob[] = [];
  /** Saved with the last results, and not told of yet. */
  #last: TakenJob[] = [];
  #saving: Promise<void> = Promise.resolve();
  #savedAt: number;
  #restedAt: number;
  /** Ran, and could not be saved. */
  readonly #dropped: TakenJob[] = [];
  #timer: NodeJS.Timeout | undefined;
  #trouble: unknown;

  constructor(options: ChunkRunOptions) {
    const { ports, state } = options;
    this.#options = options;
    this.#wishes = new Map(state.wishes);
    const now = ports.now();
    this.#since = state.since ?? now;
    this.#savedAt = performance.now();
    this.#restedAt = this.#savedAt;
    this.#origin = this.#savedAt - (now - this.#since);
    this.#next = state.saved;
    this.#saved = state.saved;
    this.#bytes = state.bytes;
  }

  /** Asks for the end of a task that was not begun yet. False for one that was. */
  cancel(index: number, reason: string): boolean {
    if (index < this.#next || (index === this.#next && this.#running)) return false;
    this.#wishes.set(index, reason);
    return true;
  }

  /**
   * Runs to the end, or until the rest is to be handed back: then it gives why. Throws when the lease is lost, or Redis refuses for good:
   * then another worker runs what was not saved.
   */
  async run(): Promise<HandBack | undefined> {
    const { payloads, lease } = this.#options;
    const stop = (): void => this.#running?.abort(lease.abortSignal.reason);
    lease.abortSignal.addEventListener('abort', stop, { once: true });
    try {
      for (; this.#next < payloads.length; this.#next += 1) {
        const handBack = await this.#runOne(this.#next);
        this.#running = undefined;
        if (this.#trouble !== undefined) throw this.#trouble;
        if (handBack) return await this.#end(handBack);
      }
      return await this.#end(undefined);
    } catch (error) {
      if (isLeaseLost(error)) await this.#tellLost();
      throw error;
    } finally {
      clearTimeout(this.#timer);
      lease.abortSignal.removeEventListener('abort', stop);
    }
  }

  /** Tells of what was saved last: when the chunk itself is recorded, so that counts agree with what is told. */
  tellLast(): void {
    const last = this.#last;
    this.#last = [];
    for (const task of last) this.#tell(task);
  }

  async #tellLost(): Promise<void> {
    await this.#saving;
    const { ports } = this.#options;
    const lost = new Set([...this.#dropped, ...this.#completed]);
    if (this.#running) lost.add(this.#running);
    for (const task of lost) ports.lost(task);
  }

  async #end(handBack: HandBack | undefined): Promise<HandBack | undefined> {
    await this.#save();
    if (this.#trouble !== undefined) throw this.#trouble;
    if (handBack) this.tellLast();
    return handBack;
  }

  async #runOne(index: number): Promise<HandBack | undefined> {
    const { payloads, state, lease, held, ports, failure } = this.#options;
    if (state.left.has(index)) {
      this.#add('-');
      return undefined;
    }
    if (lease.isAborted) throw leaseLost(held);
    // To let tasks fail is to begin none.
    if (!failure && ports.takesNothing()) return LEAVING;
    const task = ports.task(index, payloads[index]);
    const decided = this.#decided(index);
    if (decided) return this.#leave(index, task, decided);
    this.#running = task;
    const verdict = await ports.run(task, uniqueInChunk(held.chunk, index));
    if (verdict.kind === 'completed') return this.#keep(index, task, verdict);
    if (verdict.kind === 'handed-back' && !isItsOwn(task, verdict)) {
      ports.settled(task, verdict, this.#timesOf(task));
      return verdict;
    }
    return this.#leave(index, task, verdict);
  }

  /** What becomes of a task without its being run. */
  #decided(
    index: number,
  ): Exclude<TaskOutcome, Completed | { readonly kind: 'retry' }> | undefined {
    const { failure } = this.#options;
    if (failure) return { kind: 'failed', failure, isUnspent: true };
    const reason = this.#wishes.get(index);
    if (reason === undefined) return undefined;
    return { kind: 'cancelled', failure: cancelledFailure(reason), isUnspent: true };
  }

  #keep(index: number, task: TakenJob, verdict: Completed): Promise<undefined> | undefined {
    const { takenAt, runMs } = task;
    const line = toResultLine(takenAt - this.#origin, runMs, toReturnValue(verdict));
    const bytes = bytesOf(line);
    if (!hasRoom(this.#bytes, bytes)) return this.#leave(index, task, verdict);
    this.#add(line, bytes);
    this.#completed.push(task);
    this.#timer ??= setTimeout(() => void this.#saveAndTell(), SAVE_MS);
    return takenAt + runMs - this.#restedAt > REST_MS ? this.#rest() : undefined;
  }

  #add(line: string, bytes = bytesOf(line)): void {
    this.#lines.push(line);
    this.#bytes += bytes;
  }

  async #rest(): Promise<undefined> {
    await setImmediate();
    this.#restedAt = performance.now();
    if (this.#restedAt - this.#savedAt > MAX_UNSAVED_MS) await this.#saveAndTell();
  }

  async #saveAndTell(): Promise<void> {
    await this.#save();
    this.tellLast();
  }

  async #leave(index: number, task: TakenJob, verdict: Verdict): Promise<undefined> {
    const { held, ports, worker } = this.#options;
    const startedAt = this.#running && this.#timesOf(task).startedAt;
    // The times of a task are rounded, Redis' time is not.
    const endedAt = Math.max(ports.now(), startedAt ?? 0);
    const leaving = leavingOf({ index, task, verdict, startedAt, endedAt, worker });
    const leave = (): Promise<boolean> => leaveChunk(held, leaving);
    if (!(await leave().catch((error: unknown) => tryAgain(error, leave, ports))))
      throw leaseLost(held);
    this.#add('-');
    ports.settled(task, verdict, { startedAt, finishedAt: endedAt });
  }

  /** Saves what is not saved yet; one after another, and none after one that failed. */
  #save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [lines, completed] = [this.#lines, this.#completed];
    if (lines.length === 0) return this.#saving;
    this.#lines = [];
    this.#completed = [];
    this.#saving = this.#saving.then(() => this.#send(lines, completed));
    return this.#saving;
  }

  async #send(lines: readonly string[], completed: readonly TakenJob[]): Promise<void> {
    if (this.#trouble !== undefined) {
      this.#dropped.push(...completed);
      return;
    }
    const { held, ports } = this.#options;
    const results = { from: this.#saved, lines, completed: completed.length, since: this.#since };
    const save = (): Promise<boolean> => saveResults(held, results);
    try {
      if (!(await save().catch((error: unknown) => tryAgain(error, save, ports))))
        throw leaseLost(held);
      this.#saved += lines.length;
      this.#savedAt = performance.now();
      this.#last.push(...completed);
    } catch (error) {
      this.#trouble = error;
      this.#dropped.push(...completed);
      // Whatever runs now is run again by another worker.
      this.#running?.abort(error);
    }
  }

  #tell(task: TakenJob): void {
    const { ports } = this.#options;
    if (task.verdict) ports.settled(task, task.verdict, this.#timesOf(task));
  }

  #timesOf({ takenAt, runMs }: TakenJob): TaskTimes {
    const startedAt = this.#since + Math.max(Math.round(takenAt - this.#origin), 0);
    return { startedAt, finishedAt: startedAt + Math.round(runMs) };
  }
}

/** Whether only this task goes back, and not the rest of its chunk. One that was begun in time must not be taken for one that was not. */
function isItsOwn(task: TakenJob, { reason }: HandBack): boolean {
  if (reason === 'snoozed' || reason === 'store-away') return true;
  return reason === 'stopping' && task.startBy !== undefined;
}

/** BullMQ's words for a lock that is gone: what recording an outcome would have said. */
export const leaseLost = ({ chunk }: HeldChunk): Error =>
  new Error(`Missing lock for job ${chunk}`);
