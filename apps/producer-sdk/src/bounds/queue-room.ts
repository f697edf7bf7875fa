import { setTimeout as delay } from 'node:timers/promises';
import { GoflowError, isGoflowError } from '@goflow/shared';

/** How old the last answer may be before it is asked again. */
const FRESH_MS = 250;

/** Whether one who finds no room may go on waiting. */
export type MayWait = () => boolean;

/** What a {@link QueueRoom} is made with. */
export interface QueueRoomOptions {
  readonly queue: string;
  readonly maxDepth: number;
  /** How many tasks the queue holds that have not begun. */
  readonly count: () => Promise<number>;
}

/** How much room is wanted, in tasks. */
export interface Wanted {
  readonly least: number;
  readonly most: number;
}

/**
 * The room that is left in one queue, as this client knows it: the depth that it was told last, and what it has pushed since. When that is
 * 250 ms old it asks again; while there is room by what it knows pushes go on meanwhile, however long the answer takes. What is under way
 * at any time while it asks counts in any case: whether the answer holds it is not known.
 */
export class QueueRoom {
  readonly #options: QueueRoomOptions;
  #depth = 0;
  #underWay = 0;
  /** What may be in the next answer, and may not: under way when it was asked for, or pushed since. */
  #unsure = 0;
  /** Nothing is known before the first answer, and after a question that failed. */
  #answeredAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;
  #waking: Promise<void> | undefined;

  constructor(options: QueueRoomOptions) {
    this.#options = options;
  }

  /** The most that the queue may hold. */
  get maxDepth(): number {
    return this.#options.maxDepth;
  }

  /** Takes room for `count` tasks, as long as `push` is under way. @throws QUEUE_FULL, BROKER_UNAVAILABLE */
  async within<T>(count: number, mayWait: MayWait, push: () => Promise<T>): Promise<T> {
    await this.enter({ least: count, most: count }, mayWait);
    try {
      return await push();
    } finally {
      this.leave(count);
    }
  }

  /**
   * Takes room for as many tasks as there is, and waits for `least` of them where it may.
   *
   * @returns for how many; to be left with {@link QueueRoom.leave} when they are pushed
   * @throws QUEUE_FULL, BROKER_UNAVAILABLE
   */
  async enter({ least, most }: Wanted, mayWait: MayWait): Promise<number> {
    for (;;) {
      const asking = this.#look();
      const isKnown = this.#answeredAt > Number.NEGATIVE_INFINITY;
      if (asking && !(isKnown && this.#roomFor(most) >= least)) await asking;
      const count = this.#roomFor(most);
      if (count >= least) {
        this.#depth += count;
        this.#underWay += count;
        this.#unsure += count;
        return count;
      }
      if (least > this.maxDepth || !mayWait()) throw this.#full();
      await this.#untilNextLook();
    }
  }

  /** Their pushes have settled, whether they are in or not. */
  leave(count: number): void {
    this.#underWay -= count;
  }

  /** Room that was taken and is not needed. */
  giveBack(count: number): void {
    this.#underWay -= count;
    this.#unsure -= count;
    this.#depth -= count;
  }

  #roomFor(most: number): number {
    return Math.min(this.#options.maxDepth - this.#depth, most);
  }

  /** Asks for the depth, unless it was told a moment ago; one answer serves all who come meanwhile. */
  #look(): Promise<void> | undefined {
    if (this.#asking) return this.#asking;
    if (performance.now() - this.#answeredAt < FRESH_MS) return undefined;
    this.#asking = this.#ask().finally(() => {
      this.#asking = undefined;
    });
    // There may be nobody who waits for it.
    this.#asking.catch(() => undefined);
    return this.#asking;
  }

  async #ask(): Promise<void> {
    this.#unsure = this.#underWay;
    try {
      const depth = await this.#options.count();
      this.#depth = depth + this.#unsure;
      this.#answeredAt = performance.now();
    } catch (error) {
      this.#answeredAt = Number.NEGATIVE_INFINITY;
      throw unanswered(error);
    }
  }

  /** One timer for all who wait. */
  #untilNextLook(): Promise<void> {
    const ms = Math.max(this.#answeredAt + FRESH_MS - performance.now(), 1);
    this.#waking ??= delay(ms).then(() => {
      this.#waking = undefined;
    });
    return this.#waking;
  }

  #full(): GoflowError {
    const { queue, maxDepth } = this.#options;
    const depth = this.#depth;
    const message = `the queue ${queue} holds ${depth} tasks that have not begun, and may hold ${maxDepth}; nothing was sent`;
    return new GoflowError('QUEUE_FULL', message, { details: { queue, depth, maxDepth } });
  }
}

/** The question was sent, but no task. */
function unanswered(error: unknown): unknown {
  if (!isGoflowError(error, 'BROKER_UNAVAILABLE')) return error;
  const details = { ...(typeof error.details === 'object' ? error.details : {}), sent: false };
  const message = 'Redis did not say how full the queue is; nothing was sent';
  return new GoflowError('BROKER_UNAVAILABLE', message, { cause: error, details });
}
