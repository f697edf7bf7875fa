import type { TaskId } from '@goflow/shared';

/** First and longest pause between two looks, in milliseconds. The first look is at once. */
const PAUSES = {
  /** Its outcome will be sent: polling is only the net below. */
  announced: { firstMs: 2_000, maxMs: 30_000 },
  /** Polling is the only way. */
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

/** Looks at many ids, each at its own growing pause, all that are due in one go. One timer, however many ids. */
export class Poller {
  readonly #look: (ids: readonly TaskId[]) => Promise<void>;
  readonly #watched = new Map<TaskId, Watched>();
  #timer: NodeJS.Timeout | undefined;
  #firesAt = Number.POSITIVE_INFINITY;
  #looking = false;

  constructor(look: (ids: readonly TaskId[]) => Promise<void>) {
    this.#look = look;
  }

  add(id: TaskId, expectation: Expectation): void {
    const { firstMs, maxMs } = PAUSES[expectation];
    if (!this.#watched.has(id)) this.#watched.set(id, { dueAt: 0, pauseMs: firstMs, maxMs });
    this.#schedule(0);
  }

  remove(id: TaskId): void {
    this.#watched.delete(id);
    if (this.#watched.size === 0) this.stop();
  }

  /** Looks at once, at one id or at all: an outcome is there, or outcomes that were sent may have been lost. */
  lookNow(id?: TaskId): void {
    const one = id === undefined ? undefined : this.#watched.get(id);
    for (const watched of id === undefined ? this.#watched.values() : one ? [one] : [])
      watched.dueAt = 0;
    if (this.#watched.size > 0) this.#schedule(0);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#firesAt = Number.POSITIVE_INFINITY;
  }

  #schedule(at: number): void {
    if (this.#looking || at >= this.#firesAt) return;
    clearTimeout(this.#timer);
    this.#firesAt = at;
    this.#timer = setTimeout(() => void this.#tick(), Math.max(at - performance.now(), 0));
  }

  async #tick(): Promise<void> {
    this.#firesAt = Number.POSITIVE_INFINITY;
    this.#looking = true;
    // A failed look is no answer: the deadline of each wait ends it.
    await this.#look(this.#takeDue()).catch(() => undefined);
    this.#looking = false;
    let next = Number.POSITIVE_INFINITY;
    for (const { dueAt } of this.#watched.values()) next = Math.min(next, dueAt);
    if (next !== Number.POSITIVE_INFINITY) this.#schedule(next);
  }

  #takeDue(): TaskId[] {
    const now = performance.now();
    const due: TaskId[] = [];
    const leastMs = (this.#watched.size / MAX_LOOKS_PER_S) * 1_000;
    for (const [id, watched] of this.#watched) {
      if (watched.dueAt > now) continue;
      due.push(id);
      watched.dueAt = now + Math.max(watched.pauseMs, leastMs);
      watched.pauseMs = Math.min(watched.pauseMs * 2, watched.maxMs);
    }
    return due;
  }
}
