import type { TaskId } from '@goflow/shared';

/** First and longest pause between two looks, in milliseconds. */
const PAUSES = {
  /** Its outcome will be sent, and has not been yet: polling is only the net below. The first look is after the first pause. */
  announced: { firstMs: 2_000, maxMs: 30_000 },
  /** Polling is the only way. The first look is at once. */
  unannounced: { firstMs: 5, maxMs: 500 },
} as const;

/** No more looks than this a second, however many ids: polling must not keep Redis from its work. */
const MAX_LOOKS_PER_S = 10_000;

/** How the outcome of a task is expected to arrive. */
export type Expectation = keyof typeof PAUSES;

interface Watched {
  dueAt: number;
  pauseMs: number;
  readonly maxMs: number;
}

/** Going through all ids may take so much of the time, about: at some 20 ns each one part in a hundred. */
const MS_PER_WATCHED = 0.002;

/** Looks at many ids, each at its own growing pause, all that are due in one go. One timer, however many ids. */
export class Poller {
  readonly #look: (ids: readonly TaskId[]) => Promise<unknown>;
  readonly #watched = new Map<TaskId, Watched>();
  /** To be looked at next, whatever their pauses say. */
  readonly #next = new Set<TaskId>();
  /** When the first of the others is due: then all are gone through. */
  #firstDueAt = Number.POSITIVE_INFINITY;
  #restsUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  #firesAt = Number.POSITIVE_INFINITY;
  #looking = false;

  constructor(look: (ids: readonly TaskId[]) => Promise<unknown>) {
    this.#look = look;
  }

  add(id: TaskId, expectation: Expectation): void {
    if (this.#watched.has(id)) return;
    const { firstMs, maxMs } = PAUSES[expectation];
    const watched: Watched = { dueAt: 0, pauseMs: firstMs, maxMs };
    this.#watched.set(id, watched);
    if (expectation === 'unannounced') this.#next.add(id);
    else this.#pause(watched, performance.now());
    this.#schedule();
  }

  remove(id: TaskId): void {
    this.#watched.delete(id);
    this.#next.delete(id);
    if (this.#watched.size === 0) this.stop();
  }

  /** Looks at once, at one id or at all: an outcome is there, or outcomes that were sent may have been lost. */
  lookNow(id?: TaskId): void {
    for (const one of id === undefined ? this.#watched.keys() : [id])
      if (this.#watched.has(one)) this.#next.add(one);
    this.#schedule();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#firesAt = Number.POSITIVE_INFINITY;
    this.#firstDueAt = Number.POSITIVE_INFINITY;
  }

  #schedule(): void {
    const at = this.#next.size > 0 ? 0 : Math.max(this.#firstDueAt, this.#restsUntil);
    if (this.#looking || at >= this.#firesAt) return;
    clearTimeout(this.#timer);
    this.#firesAt = at;
    this.#timer = setTimeout(() => void this.#tick(), Math.max(at - performance.now(), 0));
  }

  async #tick(): Promise<void> {
    this.#firesAt = Number.POSITIVE_INFINITY;
    this.#looking = true;
    const due = this.#takeDue();
    // A failed look is no answer: the deadline of each wait ends it.
    if (due.length > 0) await this.#look(due).catch(() => undefined);
    this.#looking = false;
    this.#schedule();
  }

  #takeDue(): TaskId[] {
    const now = performance.now();
    const due = [...this.#next];
    this.#next.clear();
    for (const id of due) {
      const watched = this.#watched.get(id);
      if (watched) this.#pause(watched, now);
    }
    if (now >= Math.max(this.#firstDueAt, this.#restsUntil)) this.#goThroughAll(now, due);
    return due;
  }

  #goThroughAll(now: number, due: TaskId[]): void {
    this.#firstDueAt = Number.POSITIVE_INFINITY;
    this.#restsUntil = now + this.#watched.size * MS_PER_WATCHED;
    for (const [id, watched] of this.#watched) {
      if (watched.dueAt > now) this.#firstDueAt = Math.min(this.#firstDueAt, watched.dueAt);
      else {
        due.push(id);
        this.#pause(watched, now);
      }
    }
  }

  #pause(watched: Watched, now: number): void {
    const leastMs = (this.#watched.size / MAX_LOOKS_PER_S) * 1_000;
    watched.dueAt = now + Math.max(watched.pauseMs, leastMs);
    watched.pauseMs = Math.min(watched.pauseMs * 2, watched.maxMs);
    this.#firstDueAt = Math.min(this.#firstDueAt, watched.dueAt);
  }
}
