import {
  type Clock,
  type FinalState,
  type OpenState,
  type QueueCounts,
  type ResolvedRetention,
  TASK_STATES,
  type TaskState,
} from '@goflow/shared';
import { Alarm } from './alarm.js';
import { SortedList } from './sorted-list.js';
import { type Entry, isChunk, leaveChunk, type StoredChunk, tasksOf } from './stored-chunk.js';
import type { StoredTask } from './stored-task.js';

/** A consumer, as its queue sees it. */
export interface Taker {
  /** True while it can take one more task. */
  readonly hasRoom: boolean;
  /** Runs a task, or the tasks of a chunk, in one slot. Only called while it has room. */
  take(entry: Entry): void;
}

/** What tasks of one state are ordered by. */
export type ListedKey = Pick<StoredTask, 'pushedAt' | 'finishedAt' | 'sequence'>;

/** When a task came into its state; of open tasks, when it was pushed. */
export const listedTimeOf = ({ pushedAt, finishedAt }: ListedKey): number => finishedAt ?? pushedAt;

/** After so many that are due at once, others have their turn. */
const MAX_DUE_AT_ONCE = 1_000;

/**
 * One queue: where each of its tasks stands, and who takes them. A task goes through here from state to state, by itself or with its
 * chunk, so that the line, the delayed ones and the lists by state always agree. A task of a chunk that goes by itself leaves the chunk.
 */
export class MemoryQueue {
  /** How long finished tasks are kept, by type, as consumers said last. */
  readonly retention = new Map<string, ResolvedRetention>();
  readonly #clock: Clock;
  readonly #listed = Object.fromEntries(
    TASK_STATES.map((state) => [state, new SortedList<ListedKey, StoredTask>(byTime)]),
  ) as Record<TaskState, SortedList<ListedKey, StoredTask>>;
  readonly #line = new SortedList<Entry>(byPriority);
  readonly #delayed = new SortedList<Entry>(byDueTime);
  readonly #takers = new Set<Taker>();
  /** Those that may have room; who took last comes last. */
  readonly #free = new Set<Taker>();
  readonly #nextDue: Alarm;
  #front = 0;
  #back = 0;
  #isWoken = false;
  #isPaused = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#nextDue = new Alarm({ clock, ring: (dueAt) => this.#due(dueAt) });
  }

  get counts(): QueueCounts {
    const entries = TASK_STATES.map((state) => [state, this.#listed[state].size]);
    return Object.fromEntries(entries) as QueueCounts;
  }

  /** True while nothing is given to anybody. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Since when the task waits that is next in the line, its delay not counted. */
  get oldestWaitingAt(): number | undefined {
    const entry = this.#line.first;
    if (!entry) return undefined;
    const [task] = tasksOf(entry);
    return task && Math.max(task.pushedAt, task.dueAt);
  }

  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#wake();
  }

  /** The tasks in a state, the newest first; those before `key`, where one is given. */
  newestOf(state: TaskState, key?: ListedKey): Iterable<StoredTask> {
    return this.#listed[state].backwards(key);
  }

  /** A task or a chunk, new or not, is to be taken now: after all of its priority, or before them. */
  wait(entry: Entry, where: 'last' | 'first' = 'last'): void {
    this.#leave(entry);
    if (where === 'first') this.#front -= 1;
    else this.#back += 1;
    entry.place = where === 'first' ? this.#front : this.#back;
    this.#enter(entry, 'waiting');
    this.#line.add(entry);
    this.#wake();
  }

  /** A task or a chunk, new or not, is to be taken later. */
  delay(entry: Entry, dueAt: number): void {
    this.#leave(entry);
    this.#back += 1;
    entry.place = this.#back;
    entry.dueAt = dueAt;
    for (const task of tasksOf(entry)) task.dueAt = dueAt;
    this.#enter(entry, 'delayed');
    this.#delayed.add(entry);
    this.#setAlarm();
  }

  /** The tasks of a chunk are somebody's to run from now on. */
  hold(chunk: StoredChunk): void {
    this.#leave(chunk);
    this.#enter(chunk, 'active');
  }

  /** An attempt of a task begins, of one in a chunk that is {@link MemoryQueue.hold | held} or of one by itself. */
  start(task: StoredTask, by: { readonly worker: string; readonly at: number }): void {
    if (!task.chunk) {
      this.#leave(task);
      this.#enter(task, 'active');
    }
    task.starts += 1;
    task.startedAt = by.at;
    task.worker = by.worker;
  }

  finish(task: StoredTask, state: FinalState, at: number): void {
    this.#leave(task);
    task.state = state;
    task.finishedAt = at;
    this.#listed[state].add(task);
  }

  remove(task: StoredTask): void {
    this.#leave(task);
  }

  /** From now on there is somebody who takes. Delayed tasks come due only then: nobody else needs to know. */
  join(taker: Taker): void {
    this.#takers.add(taker);
    this.#setAlarm();
    this.offer(taker);
  }

  /** Somebody who takes may have room now. */
  offer(taker: Taker): void {
    if (!this.#takers.has(taker) || !taker.hasRoom) return;
    this.#free.add(taker);
    this.#wake();
  }

  /** Somebody takes no more. */
  part(taker: Taker): void {
    this.#takers.delete(taker);
    this.#free.delete(taker);
    this.#setAlarm();
  }

  /** Takes a task or a chunk from where it stands; of a new one there is nothing to be found. */
  #leave(entry: Entry): void {
    for (const task of tasksOf(entry)) this.#listed[task.state].delete(task);
    const chunk = isChunk(entry) ? undefined : leaveChunk(entry);
    if (!chunk) this.#unqueue(entry);
    else if (chunk.tasks.size === 0) this.#unqueue(chunk);
  }

  #unqueue(entry: Entry): void {
    if (entry.state === 'waiting') this.#line.delete(entry);
    if (entry.state === 'delayed' && this.#delayed.delete(entry)) this.#setAlarm();
  }

  /** Tasks are listed by times that belong to their state. */
  #enter(entry: Entry, state: OpenState): void {
    entry.state = state;
    for (const task of tasksOf(entry)) {
      task.state = state;
      if (state === 'waiting') task.finishedAt = undefined;
      this.#listed[state].add(task);
    }
  }

  #setAlarm(): void {
    this.#nextDue.set(this.#takers.size === 0 ? undefined : this.#delayed.first?.dueAt);
  }

  /** The clock may say less than the time that the alarm was set for: it was put back meanwhile, or Node's timer was early. */
  #due(dueAt: number): void {
    const now = Math.max(this.#clock.now(), dueAt);
    for (let moved = 0; moved < MAX_DUE_AT_ONCE; ) {
      const entry = this.#delayed.first;
      if (!entry || entry.dueAt > now) break;
      moved += isChunk(entry) ? entry.tasks.size : 1;
      this.wait(entry);
    }
  }

  /** Not at once: whoever pushes goes on first, and tasks that are quickly done leave the event loop its turns. */
  #wake(): void {
    if (this.#isWoken || this.#free.size === 0 || this.#line.size === 0) return;
    this.#isWoken = true;
    setImmediate(() => {
      this.#isWoken = false;
      this.#handOut();
    });
  }

  /** The best entry goes to whoever has room and took none the longest, until there is none, or no room. */
  #handOut(): void {
    for (const taker of this.#free) {
      if (this.#isPaused) return;
      const entry = this.#line.first;
      if (!entry) return;
      this.#free.delete(taker);
      if (!taker.hasRoom) continue;
      taker.take(entry);
      // Comes round again in this very loop, after the others.
      if (taker.hasRoom) this.#free.add(taker);
    }
  }
}

function byTime(a: ListedKey, b: ListedKey): number {
  return listedTimeOf(a) - listedTimeOf(b) || a.sequence - b.sequence;
}

function byPriority(a: Entry, b: Entry): number {
  return priorityOf(a) - priorityOf(b) || a.place - b.place;
}

function byDueTime(a: Entry, b: Entry): number {
  return a.dueAt - b.dueAt || a.place - b.place;
}

const priorityOf = ({ envelope }: Entry): number => envelope.priority ?? 0;
