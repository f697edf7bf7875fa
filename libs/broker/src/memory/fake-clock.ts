import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { type Clock, invalidOption, MAX_TIMER_MS } from '@goflow/shared';
import { SortedList } from './sorted-list.js';

/** A clock that stands still until it is turned: hours of delays and backoffs pass at once. */
export interface FakeClock extends Clock {
  /**
   * Turns the clock on by `ms` milliseconds. Timers that come due on the way fire in order of time, each at its own time, and before the
   * next one all that they set off has settled. What waits for something else than this clock, such as a socket, is not waited for.
   *
   * @throws OPTION_INVALID for anything but a finite number of at least 0.
   */
  advance(ms: number): Promise<void>;
  /**
   * Turns the clock on from timer to timer until none is left. A timer that was let go of with `unref`, as Node's can be, fires when its
   * time comes, but is no reason to go on.
   *
   * @throws Error after 100,000 timers: something sets one for ever.
   */
  runAll(): Promise<void>;
  /** Timers that are set, those that were let go of among them. */
  readonly timers: number;
}

/**
 * A clock for tests.
 *
 * @param startAt Milliseconds since 1970. @default the time of this machine
 * @example
 * const clock = createFakeClock();
 * const { client, consumer } = createMemoryBroker({ clock });
 * await client.push({ ...envelope, delayMs: 3_600_000 });
 * await clock.advance(3_600_000);
 */
export function createFakeClock(startAt: number = Date.now()): FakeClock {
  return new TurnedClock(startAt);
}

const MAX_TIMERS = 100_000;
/** So many turns of the event loop in which nobody asked the clock for anything, and all has settled. */
const QUIET_TURNS = 5;
/** Tasks that push each other without a delay never settle. */
const MAX_TURNS = 100_000;

/** As {@link SortedList} orders them: by time, then as they were set. */
interface Due {
  readonly at: number;
  readonly sequence: number;
}

class FakeTimer implements Due {
  readonly at: number;
  readonly sequence: number;
  readonly callback: () => void;
  isBackground = false;

  constructor({ at, sequence }: Due, callback: () => void) {
    this.at = at;
    this.sequence = sequence;
    this.callback = callback;
  }

  unref(): this {
    this.isBackground = true;
    return this;
  }
}

class TurnedClock implements FakeClock {
  readonly #timers = new SortedList<Due, FakeTimer>(
    (a, b) => a.at - b.at || a.sequence - b.sequence,
  );
  #now: number;
  #set = 0;
  /** How often anybody asked for anything. */
  #asked = 0;

  constructor(startAt: number) {
    this.#now = startAt;
  }

  get timers(): number {
    return this.#timers.size;
  }

  now(): number {
    this.#asked += 1;
    return this.#now;
  }

  after(ms: number, callback: () => void): FakeTimer {
    // Node's would fire at once.
    if (!(ms <= MAX_TIMER_MS)) throw invalidOption('ms', `at most ${MAX_TIMER_MS}`, ms);
    this.#asked += 1;
    this.#set += 1;
    const timer = new FakeTimer({ at: this.#now + Math.max(ms, 0), sequence: this.#set }, callback);
    this.#timers.add(timer);
    return timer;
  }

  cancel(timer: unknown): void {
    this.#asked += 1;
    if (timer instanceof FakeTimer) this.#timers.delete(timer);
  }

  async advance(ms: number): Promise<void> {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY))
      throw invalidOption('ms', 'a finite number of at least 0', ms);
    const end = this.#now + ms;
    await this.#settle();
    for (let timer = this.#timers.first; timer && timer.at <= end; timer = this.#timers.first)
      await this.#fire(timer);
    this.#now = Math.max(this.#now, end);
    await this.#settle();
  }

  async runAll(): Promise<void> {
    await this.#settle();
    for (let fired = 0; this.#isAwaited(); fired += 1) {
      if (fired === MAX_TIMERS)
        throw new Error(`${MAX_TIMERS} timers have fired, and ${this.#timers.size} are set`);
      const timer = this.#timers.first;
      if (timer) await this.#fire(timer);
    }
  }

  #isAwaited(): boolean {
    for (const timer of this.#timers.backwards()) if (!timer.isBackground) return true;
    return false;
  }

  async #fire(timer: FakeTimer): Promise<void> {
    this.#timers.delete(timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.callback();
    await this.#settle();
  }

  /** Whoever runs a task asks the clock; so when nobody does for some turns, nobody runs any more. */
  async #settle(): Promise<void> {
    let quiet = 0;
    for (let turn = 0; quiet < QUIET_TURNS && turn < MAX_TURNS; turn += 1) {
      const before = this.#asked;
      await turnOfTheLoop();
      quiet = this.#asked === before ? quiet + 1 : 0;
    }
  }
}
