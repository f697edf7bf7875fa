import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import {
  type ClockTimer,
  type ConsumeOptions,
  type Consumer,
  cancelledError,
  cancelledFailure,
  GoflowError,
  type QueueCounts,
  type TaskNews,
  type Verdict,
} from '@goflow/shared';
import PQueue from 'p-queue';
import { handBackChunk, settleTask } from './end-task.js';
import type { MemoryQueue, Taker } from './memory-queue.js';
import { runWork } from './run-work.js';
import { type Entry, isChunk, type StoredChunk } from './stored-chunk.js';
import type { StoredTask } from './stored-task.js';
import { TakenMemoryTask } from './taken-task.js';
import { keepLines } from './task-log.js';
import type { TaskStore } from './task-store.js';

/** After the abort, a handler that heeds `ctx.signal` may still end by itself for this long. */
const LINGER_MS = 400;

type End = (verdict: Verdict) => void;

/** One queue in this process, consumed with bounded concurrency. Its queue hands it tasks while it has room. */
export class MemoryConsumer implements Consumer, Taker {
  readonly queue: string;
  readonly #options: ConsumeOptions;
  readonly #store: TaskStore;
  readonly #tasks: MemoryQueue;
  /** A slot for each running task, or chunk. They wait in their queue, never in here. */
  readonly #slots: PQueue;
  readonly #running = new Map<TakenMemoryTask, End>();
  #concurrency: number;
  #isStarted = false;
  #isLeaving = false;
  #stopping: Promise<void> | undefined;

  constructor(options: ConsumeOptions, store: TaskStore) {
    this.queue = options.queue;
    this.#options = options;
    this.#store = store;
    this.#tasks = store.openQueue(options.queue);
    for (const [type, retention] of options.retention) this.#tasks.retention.set(type, retention);
    this.#concurrency = options.concurrency;
    this.#slots = new PQueue({ concurrency: Math.max(options.concurrency, 1) });
    this.#slots.on('next', () => this.#tasks.offer(this));
  }

  get concurrency(): number {
    return this.#concurrency;
  }

  get active(): number {
    return this.#running.size;
  }

  get activeTypes(): readonly string[] {
    return [...this.#running.keys()].map(({ type }) => type);
  }

  get slots(): number {
    return this.#slots.pending;
  }

  get hasRoom(): boolean {
    return this.#slots.pending < this.#concurrency;
  }

  isConsuming(): boolean {
    return this.#isStarted && !this.#isLeaving;
  }

  /** Nothing is in between that could hang. */
  readonly isStuck = false;

  async start(): Promise<void> {
    if (this.#isStarted || this.#isLeaving) return;
    this.#isStarted = true;
    this.#tasks.join(this);
  }

  async setConcurrency(concurrency: number): Promise<void> {
    this.#concurrency = concurrency;
    // p-queue has no word for taking nothing: without room it is given nothing.
    this.#slots.concurrency = Math.max(concurrency, 1);
    this.#tasks.offer(this);
  }

  async quiet(): Promise<void> {
    this.#isLeaving = true;
    this.#tasks.part(this);
  }

  stop(graceMs: number): Promise<void> {
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  async counts(): Promise<QueueCounts> {
    return this.#tasks.counts;
  }

  take(entry: Entry): void {
    // Starts it within this call, as there is room.
    void this.#slots.add(() => (isChunk(entry) ? this.#runChunk(entry) : this.#run(entry)));
  }

  /** Runs what is in a chunk when its turn comes: tasks leave it at any time, and whoever hands it back empties it. It never rejects. */
  async #runChunk(chunk: StoredChunk): Promise<void> {
    this.#tasks.hold(chunk);
    for (const task of chunk.tasks) {
      await this.#run(task);
      if (chunk.tasks.size === 0) return;
      // Tasks that are quickly done leave the event loop its turns.
      await turnOfTheLoop();
      // This one included, there are more slots in use than there shall be.
      if (this.#isLeaving || this.#slots.pending > this.#concurrency)
        handBackChunk(this.#store, chunk);
    }
  }

  /** Resolves when its outcome is recorded, whether its handler goes on or not. It never rejects. */
  #run(stored: StoredTask): Promise<void> {
    this.#tasks.start(stored, { worker: this.#options.worker, at: this.#store.clock.now() });
    const task = new TakenMemoryTask(stored, (news) => this.#report(task, stored, news));
    return new Promise((resolve) => {
      // For what a door does not know, it need not account.
      const isKnown = stored.work === undefined;
      const end: End = (verdict) => {
        if (!this.#running.delete(task)) return;
        const runMs = performance.now() - task.takenAt;
        settleTask(this.#store, stored, verdict);
        resolve();
        if (isKnown) this.#options.listener.settled(task, verdict, runMs);
      };
      this.#running.set(task, end);
      stored.endRun = (reason) => cancel(task, end, reason);
      const attempt = stored.work ? runWork(stored.work, task.signal) : this.#options.run(task);
      void attempt.then((verdict) => end(task.isBrokenOff ? asLeaving(verdict) : verdict));
    });
  }

  /** The lease of an attempt that has ended is lost: a handler may go on after a timeout. */
  #report(task: TakenMemoryTask, stored: StoredTask, news: TaskNews): void {
    if (!this.#running.has(task)) return;
    if (news.progressJson !== undefined) stored.progressJson = news.progressJson;
    if (news.log) keepLines(stored, news.log);
    this.#store.announcements.news(stored.id, news);
  }

  async #stop(graceMs: number): Promise<void> {
    await this.quiet();
    await this.#idle(graceMs);
    const reason = new GoflowError('WORKER_STOPPED', 'the worker is stopping');
    for (const task of this.#running.keys()) task.breakOff(reason);
    await this.#idle(LINGER_MS);
    for (const end of this.#running.values())
      end({ kind: 'handed-back', reason: 'stopping', delayMs: 0 });
  }

  /** Resolves when no slot is in use, at the latest after `ms`. Between two tasks of a chunk nothing runs, and yet it is not over. */
  async #idle(ms: number): Promise<void> {
    if (this.#slots.pending === 0) return;
    const { clock } = this.#store;
    let timer: ClockTimer;
    const isOver = new Promise<void>((resolve) => {
      timer = clock.after(ms, resolve);
    });
    await Promise.race([this.#slots.onIdle(), isOver]);
    clock.cancel(timer);
  }
}

/** The slot is free at once, though the handler may go on: what it still returns or throws is dropped. */
function cancel(task: TakenMemoryTask, end: End, reason: string): void {
  task.abort(cancelledError(reason));
  end({ kind: 'cancelled', failure: cancelledFailure(reason) });
}

/** An attempt that ended because the worker broke it off is none: the task goes back as it was. */
function asLeaving(verdict: Verdict): Verdict {
  if (verdict.kind === 'completed') return verdict;
  return { kind: 'handed-back', reason: 'stopping', delayMs: 0 };
}
