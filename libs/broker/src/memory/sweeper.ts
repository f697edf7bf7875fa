import type { Clock } from '@goflow/shared';
import { Alarm } from './alarm.js';

/** Holds things that are of no use after a time of their own. */
export interface Sweepable {
  /** When the next one is of no use; `undefined` when there is none. Milliseconds since 1970. */
  readonly nextEnd: number | undefined;
  /** Forgets those whose end is before `now`, at most `limit` of them. True when there may be more. */
  sweep(now: number, limit: number): boolean;
}

const EVERY_MS = 1_000;
/** After so many, others have their turn. */
const MAX_AT_ONCE = 1_000;

/** Frees memory, at most once a second. It runs only while there is something to come, and keeps no process alive. */
export class Sweeper {
  readonly #clock: Clock;
  readonly #sources: readonly Sweepable[];
  readonly #alarm: Alarm;
  #lastAt = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  constructor(clock: Clock, sources: readonly Sweepable[]) {
    this.#clock = clock;
    this.#sources = sources;
    this.#alarm = new Alarm({ clock, ring: () => this.#sweep(), isBackground: true });
  }

  /** There is something more, or less, to come. */
  look(): void {
    if (this.#isStopped) return;
    const ends = this.#sources.map(({ nextEnd }) => nextEnd ?? Number.POSITIVE_INFINITY);
    const end = Math.min(...ends);
    if (end === Number.POSITIVE_INFINITY) this.#alarm.set(undefined);
    // Not later than it is set for already: a sweep in vain is cheaper than a timer for each task.
    else if (end < (this.#alarm.setFor ?? Number.POSITIVE_INFINITY)) this.#set(end + 1);
  }

  stop(): void {
    this.#isStopped = true;
    this.#alarm.set(undefined);
  }

  #set(at: number): void {
    // A clock that was put back must not put off the next sweep.
    const last = Math.min(this.#lastAt, this.#clock.now());
    const next = Math.max(at, last + EVERY_MS);
    if (next < (this.#alarm.setFor ?? Number.POSITIVE_INFINITY)) this.#alarm.set(next);
  }

  #sweep(): void {
    if (this.#isStopped) return;
    const now = this.#clock.now();
    this.#lastAt = now;
    const isMore = this.#sources.map((source) => source.sweep(now, MAX_AT_ONCE)).includes(true);
    if (isMore) setImmediate(() => this.#sweep());
    else this.look();
  }
}
