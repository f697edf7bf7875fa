import {
  type ChunkEnvelope,
  type Clock,
  type FinalState,
  isFinal,
  resolveRetention,
  type TaskEnvelope,
  type TaskId,
} from '@goflow/shared';
import { Announcements } from './announcements.js';
import { Deduplication } from './deduplication.js';
import { MemoryQueue } from './memory-queue.js';
import { RuleBook } from './rule-book.js';
import { SortedList } from './sorted-list.js';
import { type Entry, newStoredChunk } from './stored-chunk.js';
import { newStoredTask, type StoredTask, type Work } from './stored-task.js';
import { type Sweepable, Sweeper } from './sweeper.js';
import { WorkerRegister } from './worker-register.js';

const DEFAULT_RETENTION = resolveRetention(undefined);

/** All that one memory broker holds: its tasks, and what clients and workers must agree on. */
export class TaskStore implements Sweepable {
  readonly clock: Clock;
  readonly announcements = new Announcements();
  readonly deduplication = new Deduplication();
  readonly workers: WorkerRegister;
  readonly rules: RuleBook;
  readonly #tasks = new Map<TaskId, StoredTask>();
  readonly #queues = new Map<string, MemoryQueue>();
  readonly #finished = new SortedList<StoredTask>(
    (a, b) => a.keptUntil - b.keptUntil || a.sequence - b.sequence,
  );
  readonly #sweeper: Sweeper;
  #sequence = 0;
  #users = 0;

  constructor(clock: Clock) {
    this.clock = clock;
    this.workers = new WorkerRegister(clock);
    this.rules = new RuleBook(clock);
    this.#sweeper = new Sweeper(clock, [this, this.deduplication]);
  }

  /** A task, as long as it is kept: exact, whenever the memory is freed. */
  find(id: TaskId): StoredTask | undefined {
    const task = this.#tasks.get(id);
    if (!task || !this.isOver(task)) return task;
    this.remove(task);
    return undefined;
  }

  /** True when the retention of a task is over. */
  isOver({ keptUntil }: StoredTask): boolean {
    return keptUntil !== Number.POSITIVE_INFINITY && keptUntil < this.clock.now();
  }

  /** The queue of this name; `undefined` where nobody has pushed or consumed. */
  queue(name: string): MemoryQueue | undefined {
    return this.#queues.get(name);
  }

  /** All queues, by name. */
  get queues(): readonly (readonly [name: string, queue: MemoryQueue])[] {
    return [...this.#queues].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** The queue of this name, which is made for the first who asks. */
  openQueue(name: string): MemoryQueue {
    const known = this.#queues.get(name);
    if (known) return known;
    const queue = new MemoryQueue(this.clock);
    this.#queues.set(name, queue);
    return queue;
  }

  /** Puts a new task into its queue. */
  add(envelope: TaskEnvelope, work?: Work): void {
    const task = this.#newTask(envelope, work);
    this.#enqueue(task, envelope);
    if (envelope.deduplication) this.claim(task);
  }

  /** Puts the tasks of a new chunk into their queue. */
  addChunk({ payloadsJson, ...shared }: ChunkEnvelope): void {
    const tasks = payloadsJson.map((payloadJson, index) =>
      this.#newTask({ ...shared, id: `${shared.id}:${index}`, payloadJson }),
    );
    const { queue, priority } = shared;
    const envelope = priority === undefined ? {} : { priority };
    this.#enqueue(newStoredChunk(tasks, { queue, envelope }), shared);
  }

  #newTask(envelope: TaskEnvelope, work?: Work): StoredTask {
    this.#sequence += 1;
    const task = newStoredTask(envelope, this.#sequence, work);
    this.#tasks.set(task.id, task);
    return task;
  }

  #enqueue(entry: Entry, { queue: name, delayMs = 0 }: Pick<TaskEnvelope, 'queue' | 'delayMs'>) {
    const queue = this.openQueue(name);
    if (delayMs > 0) queue.delay(entry, this.clock.now() + delayMs);
    else queue.wait(entry);
  }

  /** A task stands for its key from now on. */
  claim(task: StoredTask): void {
    this.deduplication.claim(task, this.clock.now());
    this.#sweeper.look();
  }

  /** A task has its outcome: it is kept for its time, its key is free, and who waits for it is told. */
  finish(task: StoredTask, state: FinalState): void {
    const now = this.clock.now();
    this.openQueue(task.queue).finish(task, state, now);
    task.keptUntil = now + this.#keptMs(task, state);
    this.#finished.add(task);
    this.#sweeper.look();
    this.deduplication.release(task);
    this.announcements.finished(task);
  }

  /** A finished task is not kept as such any more: it is removed, or goes on. */
  unkeep(task: StoredTask): void {
    this.#finished.delete(task);
    task.keptUntil = Number.POSITIVE_INFINITY;
    this.#sweeper.look();
  }

  /** Removes a finished task. */
  remove(task: StoredTask): void {
    if (!isFinal(task.state)) return;
    this.#tasks.delete(task.id);
    this.openQueue(task.queue).remove(task);
    this.unkeep(task);
  }

  get nextEnd(): number | undefined {
    return this.#finished.first?.keptUntil;
  }

  sweep(now: number, limit: number): boolean {
    for (let removed = 0; removed < limit; removed += 1) {
      const task = this.#finished.first;
      if (!task || task.keptUntil >= now) return false;
      this.remove(task);
    }
    return true;
  }

  /** Somebody uses what is in here, until they {@link TaskStore.leave}. */
  enter(): void {
    this.#users += 1;
  }

  /** Nobody left, nothing to free. */
  leave(): void {
    this.#users -= 1;
    if (this.#users === 0) this.#sweeper.stop();
  }

  #keptMs({ envelope, type, queue }: StoredTask, state: FinalState): number {
    const ofType = this.openQueue(queue).retention.get(type);
    const retention = envelope.retention ?? ofType ?? DEFAULT_RETENTION;
    return state === 'completed' ? retention.completedMs : retention.failedMs;
  }
}
