/** Something that must end in time. */
export interface TimeLimit {
  /** On the monotonic clock, in milliseconds. */
  readonly endsAt: number;
  /** Called when time is up. */
  readonly end: () => void;
}

/** Many time limits that are hardly ever reached: one timer for all, where one for each costs as much as a small command. */
export class TimeLimits {
  readonly #limits = new Set<TimeLimit>();
  #timer: NodeJS.Timeout | undefined;
  #firesAt = 0;
  readonly #check = (): void => {
    this.#timer = undefined;
    // A timer may be early by a fraction of a millisecond.
    const now = performance.now() + 1;
    let next = Number.POSITIVE_INFINITY;
    for (const limit of this.#limits) {
      if (limit.endsAt > now) next = Math.min(next, limit.endsAt);
      else if (this.#limits.delete(limit)) limit.end();
    }
    if (this.#limits.size > 0) this.#arm(next);
  };

  add(limit: TimeLimit): void {
    this.#limits.add(limit);
    if (!this.#timer || limit.endsAt < this.#firesAt) this.#arm(limit.endsAt);
  }

  /** False when its time was up before. */
  delete(limit: TimeLimit): boolean {
    return this.#limits.delete(limit);
  }

  #arm(at: number): void {
    clearTimeout(this.#timer);
    this.#firesAt = at;
    // It goes on when nothing waits any more, and must not keep the process alive: what is waited for does that.
    this.#timer = setTimeout(this.#check, at - performance.now()).unref();
  }
}
